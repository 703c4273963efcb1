import { BLOCK_16, INTER16, INTRA8, INTRA16, isIntra, SKIP, type FrameTokens } from './frame-tokens.js';

/**
 * Contexts of the mode symbols (FORMAT.md section 8, table "Modes"): they depend on the macroblocks to the left and
 * above. `row` and `column` count macroblocks unless said otherwise.
 */

/** Kinds of blocks with a residual: the four types of macroblocks, then inter and intra blocks of 32x32 and of 64x64. */
const RESIDUAL_KINDS = 8;
/** Activities of the neighbours that `lumaGroups` tells apart, for each kind of block. */
const LUMA_ACTIVITIES = 6;
export const LUMA_GROUPS_CONTEXTS = RESIDUAL_KINDS * LUMA_ACTIVITIES;
/** Activities that `chromaGroups` tells apart: four of the neighbours, without or with luma tokens. */
const CHROMA_ACTIVITIES = 8;
export const CHROMA_GROUPS_CONTEXTS = RESIDUAL_KINDS * CHROMA_ACTIVITIES;

/** Contexts of `split`: key or inter frame, size, number of neighbours that are smaller. */
export const SPLIT_CONTEXTS = 12;
/** Contexts of `typeLarge`: size, then those of `type`. */
export const TYPE_LARGE_CONTEXTS = 18;

/**
 * Context of `split` for a block of `size` whose first macroblock is (`row`, `column`).
 *
 * @param isKey whether the frame is a key frame.
 */
export function splitContext(tokens: FrameTokens, row: number, column: number, size: number, isKey: boolean): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  return (
    (isKey ? 6 : 0) +
    3 * (size - 1) +
    (column > 0 && tokens.blockSize[at - 1]! < size ? 1 : 0) +
    (row > 0 && tokens.blockSize[at - columns]! < size ? 1 : 0)
  );
}

/** Context of `typeLarge` for a block of `size`. */
export function typeLargeContext(tokens: FrameTokens, row: number, column: number, size: number): number {
  return 9 * (size - 1) + typeContext(tokens, row, column);
}

/** Kind of a block with a residual, 0..7: inter16, inter8, intra16, intra8, inter 32, inter 64, intra 32, intra 64. */
function residualKind(size: number, type: number): number {
  return size === BLOCK_16 ? type - INTER16 : 3 + size + (type === INTRA16 ? 2 : 0);
}

/** Context 0..8 of `type` in inter frames. */
export function typeContext(tokens: FrameTokens, row: number, column: number): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  return 3 * (column > 0 ? typeClass(tokens.type[at - 1]!) : 0) + (row > 0 ? typeClass(tokens.type[at - columns]!) : 0);
}

/** Context 0..2 of `typeKey`. */
export function typeKeyContext(tokens: FrameTokens, row: number, column: number): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  return (
    (column > 0 && tokens.type[at - 1] === INTRA8 ? 1 : 0) + (row > 0 && tokens.type[at - columns] === INTRA8 ? 1 : 0)
  );
}

/** Context of an intra mode at sub-block (`y`, `x`) of the 8x8 grid, for a pack with `modeCount` modes. */
export function intraModeContext(tokens: FrameTokens, y: number, x: number, modeCount: number): number {
  const left = x > 0 ? modeClass(tokens, y, x - 1) : 0;
  const above = y > 0 ? modeClass(tokens, y - 1, x) : 0;
  return (modeCount + 1) * left + above;
}

/** Contexts of `chromaFromLuma`: size of the block, number of neighbours that have it. */
export const CHROMA_FROM_LUMA_CONTEXTS = 9;

/** Context of `chromaFromLuma` for an intra block of a size. */
export function chromaFromLumaContext(tokens: FrameTokens, row: number, column: number, size: number): number {
  return 3 * size + neighbourSum(tokens, tokens.chromaFromLuma, row, column);
}

/** Context of `lumaGroups` for a block of a size and a type (1..4). */
export function lumaGroupsContext(
  tokens: FrameTokens,
  row: number,
  column: number,
  size: number,
  type: number,
): number {
  const sum = neighbourSum(tokens, tokens.lumaGroups, row, column);
  const activity = sum === 0 ? 0 : sum < 5 ? 1 : sum < 9 ? 2 : sum < 13 ? 3 : sum < 21 ? 4 : 5;
  return LUMA_ACTIVITIES * residualKind(size, type) + activity;
}

/** Context of `transform` for a type (1..3). */
export function transformContext(tokens: FrameTokens, row: number, column: number, type: number): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  return (
    3 * (type - 1) +
    (column > 0 && hasSmallTransform(tokens, at - 1) ? 1 : 0) +
    (row > 0 && hasSmallTransform(tokens, at - columns) ? 1 : 0)
  );
}

/** Context of `chromaGroups` for a block of a size and a type (1..4). */
export function chromaGroupsContext(
  tokens: FrameTokens,
  row: number,
  column: number,
  size: number,
  type: number,
  hasLuma: boolean,
): number {
  const sum = neighbourSum(tokens, tokens.chromaGroups, row, column);
  return CHROMA_ACTIVITIES * residualKind(size, type) + (hasLuma ? 4 : 0) + Math.min(3, (sum + 1) >> 1);
}

function typeClass(type: number): number {
  return type === SKIP ? 0 : isIntra(type) ? 2 : 1;
}

function modeClass(tokens: FrameTokens, y: number, x: number): number {
  const { columns } = tokens.geometry;
  const type = tokens.type[(y >> 1) * columns + (x >> 1)]!;
  return isIntra(type) ? tokens.intraMode[y * columns * 2 + x]! + 1 : 0;
}

function hasSmallTransform(tokens: FrameTokens, at: number): boolean {
  return tokens.transform[at] === 1 && tokens.lumaGroups[at]! > 0;
}

function neighbourSum(tokens: FrameTokens, values: Uint8Array, row: number, column: number): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  return (column > 0 ? values[at - 1]! : 0) + (row > 0 ? values[at - columns]! : 0);
}
