import { clip, fill, sample, type Block } from './block.js';

/** Which neighbours of a block can be used. */
export interface Available {
  readonly top: boolean;
  readonly left: boolean;
  readonly topRight: boolean;
}

/** FORMAT.md section 10, "Intra prediction": corner, 2N above, N left. */
export function intraBoundary(block: Block, size: number, { top, left, topRight }: Available): Uint8Array {
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  let above = range(2 * size).map(() => 128);
  let beside = range(size).map(() => 128);
  let corner = 128;
  if (top) {
    above = range(2 * size).map((i) => sample(block, -1, topRight ? i : Math.min(i, size - 1)));
  }
  if (left) beside = range(size).map((i) => sample(block, i, -1));
  if (top && left) corner = sample(block, -1, -1);
  else if (top) {
    beside = beside.map(() => above[0]!);
    corner = above[0]!;
  } else if (left) {
    above = above.map(() => beside[0]!);
    corner = beside[0]!;
  }
  return Uint8Array.of(corner, ...above, ...beside);
}

/** FORMAT.md section 10: the prediction of an N x N block; `matrix` is [N * N][3 N + 1] in 1/64. */
export function intraPredict(boundary: Uint8Array, size: number, matrix: Int8Array): Uint8Array {
  let sum = size;
  for (let i = 0; i < size; i++) sum += boundary[1 + i]! + boundary[1 + 2 * size + i]!;
  const dc = Math.floor(sum / (2 * size));
  const columns = 3 * size + 1;
  return fill(size, size, (row, column) => {
    const at = (row * size + column) * columns;
    const total = boundary.reduce((before, value, i) => before + matrix[at + i]! * (value - dc), 0);
    return clip(dc + Math.floor((total + 32) / 64), 0, 255);
  });
}

/** The luma at the chroma sample (`row`, `column`), which count from the block. */
function lumaAt(luma: Block, row: number, column: number): number {
  const [y, x] = [2 * row, 2 * column];
  const sum = sample(luma, y, x) + sample(luma, y, x + 1) + sample(luma, y + 1, x) + sample(luma, y + 1, x + 1);
  return Math.floor((sum + 2) / 4);
}

/** FORMAT.md section 10, "Chroma from luma": `edge` and `edgeLuma` hold the samples around the block, `luma` its own. */
export function predictFromLuma(
  edgeLuma: Block,
  luma: Block,
  edge: Block,
  size: number,
  { top, left }: Omit<Available, 'topRight'>,
): Uint8Array {
  const range = Array.from({ length: size }, (_, i) => i);
  const places = [...(top ? range.map((i) => [-1, i]) : []), ...(left ? range.map((i) => [i, -1]) : [])];
  const n = places.length;
  if (n === 0) return fill(size, size, () => 128);
  const pairs = places.map(([row, column]) => [lumaAt(edgeLuma, row!, column!), sample(edge, row!, column!)] as const);
  const sum = (of: (x: number, y: number) => number): number => pairs.reduce((total, [x, y]) => total + of(x, y), 0);
  const [sumX, sumY] = [sum((x) => x), sum((_, y) => y)];
  const dividend = 64n * BigInt(n * sum((x, y) => x * y) - sumX * sumY);
  const slope = clip(Number(dividend / BigInt(n * sum((x) => x * x) - sumX ** 2 + n ** 2)), -128, 127);
  const offset = Math.floor((64 * sumY - slope * sumX + n / 2) / n);
  return fill(size, size, (row, column) =>
    clip(Math.floor((slope * lumaAt(luma, row, column) + offset + 32) / 64), 0, 255),
  );
}

/** FORMAT.md section 10, "Intra prediction of large blocks", step 1: the boundary of a 16x16 block. */
export function shrinkBoundary(boundary: Uint8Array, factor: number): Uint8Array {
  const means = Array.from({ length: 48 }, (_, i) => {
    const samples = boundary.subarray(1 + factor * i, 1 + factor * (i + 1));
    return Math.floor((samples.reduce((sum, value) => sum + value, 0) + factor / 2) / factor);
  });
  return Uint8Array.of(boundary[0]!, ...means);
}

/** FORMAT.md section 10, "Intra prediction of large blocks", step 3: a 16x16 block `factor` times as large. */
export function enlargePrediction(block: Uint8Array, boundary: Uint8Array, factor: number): Uint8Array {
  const size = 16 * factor;
  const between = (before: number, after: number, k: number): number =>
    Math.floor(((factor - k) * before + k * after + factor / 2) / factor);
  const above = boundary.subarray(1, 1 + size);
  const left = boundary.subarray(1 + 2 * size);
  /** A sample of one of the last rows of cells; the row before the first one is the boundary. */
  const last = (row: number, x: number): number => {
    if (row < 0) return above[x]!;
    const column = Math.floor(x / factor);
    const before = column === 0 ? left[factor * row + factor - 1]! : block[16 * row + column - 1]!;
    return between(before, block[16 * row + column]!, (x % factor) + 1);
  };
  return fill(size, size, (y, x) => {
    const row = Math.floor(y / factor);
    return between(last(row - 1, x), last(row, x), (y % factor) + 1);
  });
}
