import type { GraphTensor, Network } from '../../model/network.js';
import type { FrameHeader } from '../frame-header.js';
import { blockQ, isIntra, REGION, SKIP, type FrameTokens, type Geometry } from './frame-tokens.js';
import { shiftOf, SUB_BLOCK } from '../macroblock-grid.js';
import type { Planes } from '../planes.js';

/** Planes of a filter graph's side input (FORMAT.md section 10). */
export const SIDE_PLANES = 7;

/** Shift from luma samples to those of the side input, one for each sub-block. */
const SUB_BLOCK_SHIFT = shiftOf(SUB_BLOCK);
/** A flag of the side input that is set. */
const YES = 64;
/** The number of luma samples around a region that its filter reads. */
export const HALO = 8;
/** The number of regions that are evaluated at a time. Their data fits into the cache of a core. */
const BATCH = 12;
const PLANES = [
  { name: 'y', output: 'filteredY', shift: 0 },
  { name: 'u', output: 'filteredU', shift: 1 },
  { name: 'v', output: 'filteredV', shift: 1 },
] as const;

/** Side input of loop and post-filters: [7, codedHeight / 8, codedWidth / 8]. */
export function sidePlanes(header: FrameHeader, tokens: FrameTokens): Uint8Array<ArrayBuffer> {
  const { rows, columns } = tokens.geometry;
  const width = 2 * columns;
  const size = 4 * rows * columns;
  const planes = new Uint8Array(SIDE_PLANES * size);
  /** Sets the four sub-blocks of a macroblock. */
  const put = (to: number, value: number): void => {
    planes[to] = planes[to + 1] = planes[to + width] = planes[to + width + 1] = value;
  };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const block = row * columns + column;
      const type = tokens.type[block]!;
      const at = 2 * row * width + 2 * column;
      put(at, blockQ(tokens, header.q, row, column));
      put(at + size, isIntra(type) ? YES : 0);
      put(at + 2 * size, YES * tokens.transform[block]!);
      put(at + 3 * size, 4 * tokens.lumaGroups[block]!);
      put(at + 4 * size, type === SKIP ? YES : 0);
      put(at + 5 * size, header.kind === 'key' ? YES : 0);
      put(at + 6 * size, YES * tokens.blockSize[block]!);
    }
  }
  return planes;
}

/**
 * Returns the side input for a picture of another codec with unknown blocks: one q everywhere, and blocks of an inter
 * frame with half of their luma groups.
 */
export function foreignSidePlanes({ rows, columns }: Geometry, q: number): Uint8Array<ArrayBuffer> {
  const size = 4 * rows * columns;
  const planes = new Uint8Array(SIDE_PLANES * size);
  planes.fill(q, 0, size);
  planes.fill(YES / 2, 3 * size, 4 * size);
  return planes;
}

/** Runs a post-filter graph over a picture at coded size, or a part of one with whole sub-blocks. */
export async function runPostFilter(
  graph: Network,
  { codedWidth: width, codedHeight: height }: Pick<Geometry, 'codedWidth' | 'codedHeight'>,
  planes: Planes,
  side: Uint8Array,
): Promise<Planes> {
  const result = await graph.run({
    y: { data: planes.y, dims: [1, 1, height, width] },
    u: { data: planes.u, dims: [1, 1, height / 2, width / 2] },
    v: { data: planes.v, dims: [1, 1, height / 2, width / 2] },
    side: { data: side, dims: [1, SIDE_PLANES, height / SUB_BLOCK, width / SUB_BLOCK] },
  });
  const plane = (name: string): Uint8Array<ArrayBuffer> => result[name]!.data as Uint8Array<ArrayBuffer>;
  return { y: plane('filteredY'), u: plane('filteredU'), v: plane('filteredV') };
}

/**
 * Filters regions of a picture in place. Each region is evaluated independently, with `HALO` luma samples around it. So
 * the result does not depend on the choice of other regions.
 *
 * @param regions numbers of the regions, in any order.
 */
export async function filterRegions(
  graph: Network,
  geometry: Geometry,
  planes: Planes,
  side: Uint8Array,
  regions: readonly number[],
): Promise<void> {
  // The surroundings are unfiltered samples, so all regions are read before the first result is written.
  const batches = [];
  for (let start = 0; start < regions.length; start += BATCH) {
    const batch = regions.slice(start, start + BATCH);
    batches.push({ batch, inputs: inputsOfRegions(geometry, planes, side, batch) });
  }
  for (const { batch, inputs } of batches) {
    const result = await graph.run(inputs);
    for (const { name, output, shift } of PLANES) {
      const size = REGION >> shift;
      const { data } = result[output]!;
      batch.forEach((region, i) => {
        forEachRow(geometry, region, shift, (from, to, row) => {
          const start = (i * size + row) * size;
          planes[name].set(data.subarray(start, start + to - from), from);
        });
      });
    }
  }
}

/** Inputs of the loop filter's graph for some regions. */
function inputsOfRegions(
  geometry: Geometry,
  planes: Planes,
  side: Uint8Array,
  regions: readonly number[],
): Record<string, GraphTensor> {
  const count = regions.length;
  const [y, u, v] = PLANES.map(({ name, shift }) => {
    const size = (REGION + 2 * HALO) >> shift;
    const data = new Uint8Array(count * size * size);
    const [width, height] = [geometry.codedWidth >> shift, geometry.codedHeight >> shift];
    regions.forEach((region, i) => {
      const { left, top } = cornerOf(geometry, region, shift);
      const halo = HALO >> shift;
      cut(planes[name], width, height, left - halo, top - halo, size, data, i * size * size);
    });
    return { data, dims: [count, 1, size, size] };
  });
  return { y: y!, u: u!, v: v!, side: sideOfRegions(geometry, side, regions) };
}

/** Visits the sample ranges of each row of a region of one plane; `row` counts within the region. */
function forEachRow(
  geometry: Geometry,
  region: number,
  shift: number,
  visit: (from: number, to: number, row: number) => void,
): void {
  const width = geometry.codedWidth >> shift;
  const height = geometry.codedHeight >> shift;
  const size = REGION >> shift;
  const { left, top } = cornerOf(geometry, region, shift);
  const right = Math.min(width, left + size);
  for (let y = top; y < Math.min(height, top + size); y++) visit(y * width + left, y * width + right, y - top);
}

function cornerOf(geometry: Geometry, region: number, shift: number): { left: number; top: number } {
  const size = REGION >> shift;
  return {
    left: (region % geometry.regionColumns) * size,
    top: Math.floor(region / geometry.regionColumns) * size,
  };
}

/** Copies a square from a plane; outside the plane, edge samples repeat. */
function cut(
  plane: Uint8Array,
  width: number,
  height: number,
  left: number,
  top: number,
  size: number,
  target: Uint8Array,
  to: number,
): void {
  const from = Math.max(0, left);
  const end = Math.min(width, left + size);
  for (let row = 0; row < size; row++) {
    const line = Math.max(0, Math.min(height - 1, top + row)) * width;
    const at = to + row * size;
    if (from > left) target.fill(plane[line]!, at, at + from - left);
    target.set(plane.subarray(line + from, line + end), at + from - left);
    if (end < left + size) target.fill(plane[line + width - 1]!, at + end - left, at + size);
  }
}

function sideOfRegions(geometry: Geometry, side: Uint8Array, regions: readonly number[]): GraphTensor {
  const width = geometry.codedWidth / SUB_BLOCK;
  const height = geometry.codedHeight / SUB_BLOCK;
  const size = (REGION + 2 * HALO) / SUB_BLOCK;
  const data = new Uint8Array(regions.length * SIDE_PLANES * size * size);
  regions.forEach((region, i) => {
    const { left, top } = cornerOf(geometry, region, SUB_BLOCK_SHIFT);
    for (let plane = 0; plane < SIDE_PLANES; plane++) {
      const values = side.subarray(plane * width * height, (plane + 1) * width * height);
      const halo = HALO / SUB_BLOCK;
      cut(values, width, height, left - halo, top - halo, size, data, (i * SIDE_PLANES + plane) * size * size);
    }
  });
  return { data, dims: [regions.length, SIDE_PLANES, size, size] };
}
