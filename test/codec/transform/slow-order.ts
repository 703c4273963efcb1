// Coding order as FORMAT.md section 5 tells it.
import type { FrameTokens, Geometry } from '../../../src/codec/transform/frame-tokens.js';

/** Sub-blocks of a square of `size` sub-blocks at (`y`, `x`), in Z-order. */
function* subBlocksOf(y: number, x: number, size: number): Generator<readonly [number, number]> {
  if (size === 1) {
    yield [y, x];
    return;
  }
  const half = size / 2;
  yield* subBlocksOf(y, x, half);
  yield* subBlocksOf(y, x + half, half);
  yield* subBlocksOf(y + half, x, half);
  yield* subBlocksOf(y + half, x + half, half);
}

/** All sub-blocks of the coded picture, `[y, x]` on their grid, in coding order. */
export function codingOrder({ rows, columns, regionRows, regionColumns }: Geometry): (readonly [number, number])[] {
  const order: (readonly [number, number])[] = [];
  for (let region = 0; region < regionRows * regionColumns; region++) {
    const [row, column] = [Math.floor(region / regionColumns), region % regionColumns];
    for (const [y, x] of subBlocksOf(8 * row, 8 * column, 8)) if (y < 2 * rows && x < 2 * columns) order.push([y, x]);
  }
  return order;
}

/** Number of each sub-block in coding order, [2 rows][2 columns]. */
export function codingNumbers(geometry: Geometry): number[][] {
  const numbers = Array.from({ length: 2 * geometry.rows }, () =>
    Array.from({ length: 2 * geometry.columns }, () => -1),
  );
  codingOrder(geometry).forEach(([y, x], number) => (numbers[y]![x] = number));
  return numbers;
}

/** Widths, in sub-blocks, that a partition with its top left sub-block at (`y`, `x`) may have. */
export function partitionSizes({ rows, columns }: Geometry, y: number, x: number): number[] {
  return [1, 2, 4, 8].filter(
    (size) => y % size === 0 && x % size === 0 && y + size <= 2 * rows && x + size <= 2 * columns,
  );
}

/** Whether the macroblock at a raster position is the first one of its block. */
export function isFirstMacroblock({ blockSize, geometry }: FrameTokens, at: number): boolean {
  const width = 2 ** blockSize[at]!;
  return Math.floor(at / geometry.columns) % width === 0 && (at % geometry.columns) % width === 0;
}
