import type { Graph } from '../../model/graph.js';
import { SUB_BLOCK } from '../macroblock-grid.js';
import type { Planes } from '../planes.js';
import type { Geometry } from './frame-tokens.js';
import { SIDE_PLANES } from './loop-filter.js';

/** Planes of random bytes behind the side input, of which a post-filter can make grain (FORMAT.md section 12). */
export const NOISE_PLANES = 4;

/** Runs a post-filter graph over a picture at coded size. */
export async function runPostFilter(
  graph: Graph,
  geometry: Geometry,
  planes: Planes,
  side: Uint8Array,
  picture: number,
): Promise<Planes> {
  const { codedWidth: width, codedHeight: height } = geometry;
  const noise = noisePlanes(geometry, picture);
  const places = new Uint8Array(side.length + noise.length);
  places.set(side);
  places.set(noise, side.length);
  const result = await graph.run({
    y: { data: planes.y, dims: [1, 1, height, width] },
    u: { data: planes.u, dims: [1, 1, height / 2, width / 2] },
    v: { data: planes.v, dims: [1, 1, height / 2, width / 2] },
    side: { data: places, dims: [1, SIDE_PLANES + NOISE_PLANES, height / SUB_BLOCK, width / SUB_BLOCK] },
  });
  const plane = (name: string): Uint8Array<ArrayBuffer> => result[name]!.data as Uint8Array<ArrayBuffer>;
  return { y: plane('filteredY'), u: plane('filteredU'), v: plane('filteredV') };
}

/**
 * Returns noise [4, codedHeight / 8, codedWidth / 8]: the bytes of a hash of the place and of `picture`, which tells the
 * pictures of a video apart.
 */
export function noisePlanes({ rows, columns }: Geometry, picture: number): Uint8Array {
  const size = 4 * rows * columns;
  const planes = new Uint8Array(NOISE_PLANES * size);
  const start = hash(picture);
  for (let cell = 0; cell < size; cell++) {
    const value = hash(start + cell);
    for (let plane = 0; plane < NOISE_PLANES; plane++) planes[plane * size + cell] = value >>> (8 * plane);
  }
  return planes;
}

/** A hash of 32 bits (C. Wellons, "lowbias32"). */
function hash(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}
