import type { Graph } from '../model/graph.js';
import type { FrameHead } from './frame-head.js';
import { blockQ, isIntra, SKIP, type FrameTokens, type Geometry } from './frame-tokens.js';
import type { Planes } from './picture.js';

/** Planes of a filter graph's side input (FORMAT.md section 10). */
export const SIDE_PLANES = 6;

/** Side input of loop and post-filters: [6, codedHeight / 8, codedWidth / 8]. */
export function sidePlanes(head: FrameHead, tokens: FrameTokens): Uint8Array<ArrayBuffer> {
  const { rows, columns } = tokens.geometry;
  const width = 2 * columns;
  const size = 4 * rows * columns;
  const planes = new Uint8Array(SIDE_PLANES * size);
  if (head.kind === 'key') planes.fill(64, 5 * size);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const block = row * columns + column;
      const type = tokens.type[block]!;
      const values = [
        blockQ(tokens, head.q, row, column),
        isIntra(type) ? 64 : 0,
        64 * tokens.transform[block]!,
        4 * tokens.lumaGroups[block]!,
        type === SKIP ? 64 : 0,
      ];
      const at = 2 * row * width + 2 * column;
      for (let plane = 0; plane < values.length; plane++) {
        const value = values[plane]!;
        if (value === 0) continue;
        const to = plane * size + at;
        planes[to] = planes[to + 1] = planes[to + width] = planes[to + width + 1] = value;
      }
    }
  }
  return planes;
}

/** Runs a loop or post-filter graph over a picture at coded size. */
export async function runFilter(
  graph: Graph,
  geometry: Geometry,
  planes: Planes,
  side: Uint8Array,
): Promise<Planes> {
  const { codedWidth: width, codedHeight: height } = geometry;
  const result = await graph.run({
    y: { data: planes.y, dims: [1, 1, height, width] },
    u: { data: planes.u, dims: [1, 1, height / 2, width / 2] },
    v: { data: planes.v, dims: [1, 1, height / 2, width / 2] },
    side: { data: side, dims: [1, SIDE_PLANES, height / 8, width / 8] },
  });
  const plane = (name: string): Uint8Array<ArrayBuffer> => result[name]!.data as Uint8Array<ArrayBuffer>;
  return { y: plane('filteredY'), u: plane('filteredU'), v: plane('filteredV') };
}

/** Copies the regions of `filtered` planes whose flag is set over `planes`. */
export function applyRegions(geometry: Geometry, flags: Uint8Array, filtered: Planes, planes: Planes): void {
  for (let region = 0; region < flags.length; region++) {
    if (flags[region] === 0) continue;
    forEachRow(geometry, region, (name, from, to) => {
      planes[name].set(filtered[name].subarray(from, to), from);
    });
  }
}

/** Squared error of one region, luma and chroma together. */
export function regionError(geometry: Geometry, region: number, a: Planes, b: Planes): number {
  let sum = 0;
  forEachRow(geometry, region, (name, from, to) => {
    const x = a[name];
    const y = b[name];
    for (let i = from; i < to; i++) {
      const difference = x[i]! - y[i]!;
      sum += difference * difference;
    }
  });
  return sum;
}

/** Visits the sample ranges of each row of a region in all planes. */
function forEachRow(
  geometry: Geometry,
  region: number,
  visit: (name: 'y' | 'u' | 'v', from: number, to: number) => void,
): void {
  const regionRow = Math.floor(region / geometry.regionColumns);
  const regionColumn = region % geometry.regionColumns;
  for (const name of ['y', 'u', 'v'] as const) {
    const shift = name === 'y' ? 0 : 1;
    const width = geometry.codedWidth >> shift;
    const height = geometry.codedHeight >> shift;
    const size = 64 >> shift;
    const left = regionColumn * size;
    const right = Math.min(width, left + size);
    for (let y = regionRow * size; y < Math.min(height, (regionRow + 1) * size); y++) {
      visit(name, y * width + left, y * width + right);
    }
  }
}
