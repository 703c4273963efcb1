import { sample, type Block } from './block.js';
import { compensate } from './compensation.js';
import { blockSatd } from './distortion.js';
import { searchMotion, type Found, type SearchInput } from './motion-search.js';

/** Blocks of 8x8 samples in raster order. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

const SIZE = 8;

/** The block of a plane at a position in the grid, moved by whole samples. */
function blockOf({ data, at, stride }: Block, { columns }: Grid, index: number, x = 0, y = 0): Block {
  const [row, column] = [Math.floor(index / columns), index % columns];
  return { data, at: at + (SIZE * row + y) * stride + SIZE * column + x, stride };
}

/** The prediction of a block as its rounded mean, packed, and the SATD of it. */
export function meanPrediction(plane: Block, grid: Grid, index: number): { prediction: Uint8Array; satd: number } {
  const block = blockOf(plane, grid, index);
  let sum = 0;
  for (let at = 0; at < SIZE * SIZE; at++) sum += sample(block, at >> 3, at & 7);
  const prediction = new Uint8Array(SIZE * SIZE).fill(Math.round(sum / (SIZE * SIZE)));
  return { prediction, satd: blockSatd(block, { data: prediction, at: 0, stride: SIZE }, SIZE) };
}

/** The prediction that a vector finds. */
export function movedPrediction(
  plane: Block,
  grid: Grid,
  index: number,
  [x, y]: readonly [number, number],
  taps: SearchInput['taps'],
): Uint8Array {
  const whole = blockOf(plane, grid, index, Math.floor(x / 4), Math.floor(y / 4));
  return compensate(whole, SIZE, SIZE, taps, x & 3, y & 3);
}

export interface FieldInput extends Grid, Pick<SearchInput, 'lambda' | 'steps' | 'taps' | 'directions'> {
  readonly plane: Block;
  readonly reference: Block;
  readonly outsideBefore: number;
  readonly outsideAfter: number;
  /** For each block, vectors from which its search begins after those of its neighbours. */
  readonly starts: readonly (readonly (readonly [number, number])[])[];
}

/** Searches all blocks, each from no motion, left, above, above to the right, and its own starts on. */
export function searchField(input: FieldInput): Found[] {
  const { columns, rows, outsideBefore, outsideAfter } = input;
  const found: Found[] = [];
  for (let index = 0; index < columns * rows; index++) {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const neighbours = [
      ...(column > 0 ? [index - 1] : []),
      ...(row > 0 ? [index - columns] : []),
      ...(row > 0 && column + 1 < columns ? [index - columns + 1] : []),
    ].map((at) => [found[at]!.x, found[at]!.y] as const);
    found.push(
      searchMotion({
        ...input,
        ...{
          size: SIZE,
          current: blockOf(input.plane, input, index),
          reference: blockOf(input.reference, input, index),
        },
        starts: [[0, 0], ...neighbours, ...input.starts[index]!],
        predicted: neighbours[0] ?? [0, 0],
        limits: [
          ...([-SIZE * column - outsideBefore, SIZE * (columns - 1 - column) + outsideAfter] as const),
          ...([-SIZE * row - outsideBefore, SIZE * (rows - 1 - row) + outsideAfter] as const),
        ],
      }),
    );
  }
  return found;
}
