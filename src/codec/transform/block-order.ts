import { MACROBLOCK, shiftOf, SUB_BLOCK } from '../macroblock-grid.js';
import { REGION, type FrameTokens, type Geometry } from './frame-tokens.js';

/** Shift from sub-blocks to regions. */
const REGION_SHIFT = shiftOf(REGION / SUB_BLOCK);
const SUB_BLOCKS = REGION / SUB_BLOCK;
/** Macroblocks in a region's width. */
export const REGION_MACROBLOCKS = REGION / MACROBLOCK;
/** Z-order index (Morton code) of each sub-block of a region. */
const Z_ORDER = Uint8Array.from({ length: SUB_BLOCKS * SUB_BLOCKS }, (_, at) => {
  let index = 0;
  for (let bit = 0; bit < REGION_SHIFT; bit++) {
    index |= (((at % SUB_BLOCKS) >> bit) & 1) << (2 * bit);
    index |= ((Math.floor(at / SUB_BLOCKS) >> bit) & 1) << (2 * bit + 1);
  }
  return index;
});

/**
 * Returns whether the sub-block (`y`, `x`) comes before (`row`, `column`) in coding order: regions in raster order, Z-order
 * within each (FORMAT.md section 5). All positions are on the 8x8 grid, within the coded picture.
 */
export function isCodedBefore(y: number, x: number, row: number, column: number): boolean {
  const regionRows = (y >> REGION_SHIFT) - (row >> REGION_SHIFT);
  if (regionRows !== 0) return regionRows < 0;
  const regionColumns = (x >> REGION_SHIFT) - (column >> REGION_SHIFT);
  if (regionColumns !== 0) return regionColumns < 0;
  return zIndex(y, x) < zIndex(row, column);
}

/** Returns whether the macroblock at (`row`, `column`) is the first one, top left, of the block that it belongs to. */
export function isFirstOfBlock(tokens: FrameTokens, row: number, column: number): boolean {
  const mask = (1 << tokens.blockSize[row * tokens.geometry.columns + column]!) - 1;
  return ((row | column) & mask) === 0;
}

/** Returns whether a block of `size` (a value of `FrameTokens.blockSize`) at a macroblock lies within the coded picture. */
export function fitsPicture({ rows, columns }: Geometry, row: number, column: number, size: number): boolean {
  const width = 1 << size;
  return row + width <= rows && column + width <= columns;
}

/** Visits the first macroblocks of all blocks of a frame in coding order. */
export function visitBlocks(tokens: FrameTokens, visit: (row: number, column: number, size: number) => void): void {
  const { geometry, blockSize } = tokens;
  const { rows, columns, regionRows, regionColumns } = geometry;
  const visitQuarters = (row: number, column: number, size: number): void => {
    if (row >= rows || column >= columns) return;
    if (blockSize[row * columns + column] === size) {
      visit(row, column, size);
      return;
    }
    const half = 1 << (size - 1);
    visitQuarters(row, column, size - 1);
    visitQuarters(row, column + half, size - 1);
    visitQuarters(row + half, column, size - 1);
    visitQuarters(row + half, column + half, size - 1);
  };
  for (let row = 0; row < regionRows; row++) {
    for (let column = 0; column < regionColumns; column++) {
      visitQuarters(row * REGION_MACROBLOCKS, column * REGION_MACROBLOCKS, shiftOf(REGION_MACROBLOCKS));
    }
  }
}

function zIndex(y: number, x: number): number {
  return Z_ORDER[(y & (SUB_BLOCKS - 1)) * SUB_BLOCKS + (x & (SUB_BLOCKS - 1))]!;
}
