import { REGION_MACROBLOCKS } from './block-order.js';
import { Q_OFFSET_LIMIT, type FrameTokens } from './frame-tokens.js';

/** Values of `qOffset`; differences are coded modulo their number. */
export const Q_OFFSETS = 2 * Q_OFFSET_LIMIT + 1;

/** Contexts of `qOffset`: how much left and above differ. */
export const Q_OFFSET_CONTEXTS = 3;

/** Returns whether a block of the region in (`row`, `column`) has tokens; only then its q offset is coded. */
export function hasResidual({ geometry, lumaGroups, chromaGroups }: FrameTokens, row: number, column: number): boolean {
  const bottom = Math.min(geometry.rows, (row + 1) * REGION_MACROBLOCKS);
  const right = Math.min(geometry.columns, (column + 1) * REGION_MACROBLOCKS);
  for (let y = row * REGION_MACROBLOCKS; y < bottom; y++) {
    for (let x = column * REGION_MACROBLOCKS; x < right; x++) {
      const at = y * geometry.columns + x;
      if (lumaGroups[at]! + chromaGroups[at]! > 0) return true;
    }
  }
  return false;
}

/** Returns the q offset that a region's is coded against: the mean of left and above, one alone, or 0. */
export function predictQOffset({ geometry, qOffset }: FrameTokens, row: number, column: number): number {
  const at = row * geometry.regionColumns + column;
  if (row === 0) return column === 0 ? 0 : qOffset[at - 1]!;
  const above = qOffset[at - geometry.regionColumns]!;
  return column === 0 ? above : (qOffset[at - 1]! + above + 1) >> 1;
}

/** Context of `qOffset`: 0 if left and above are equal, 1 if they differ by less than 3 or one is absent, else 2. */
export function qOffsetContext({ geometry, qOffset }: FrameTokens, row: number, column: number): number {
  if (row === 0 || column === 0) return 1;
  const at = row * geometry.regionColumns + column;
  const difference = Math.abs(qOffset[at - 1]! - qOffset[at - geometry.regionColumns]!);
  return difference === 0 ? 0 : difference < 3 ? 1 : 2;
}
