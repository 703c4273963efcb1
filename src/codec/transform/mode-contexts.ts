import { INTRA8, isIntra, SKIP, type FrameTokens } from './frame-tokens.js';

/**
 * Contexts of the mode symbols (FORMAT.md section 8, table "Modes"): they depend on the macroblocks to the left and
 * above. `row` and `column` count macroblocks unless said otherwise.
 */

/** The number of neighbour activities for `lumaGroups`, for each of the four types with a residual. */
const LUMA_ACTIVITIES = 6;
export const LUMA_GROUPS_CONTEXTS = 4 * LUMA_ACTIVITIES;
/** The number of activities for `chromaGroups`: four of the neighbours, without or with luma tokens. */
const CHROMA_ACTIVITIES = 8;
export const CHROMA_GROUPS_CONTEXTS = 4 * CHROMA_ACTIVITIES;

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

/** Context of `lumaGroups` for a type (1..4). */
export function lumaGroupsContext(tokens: FrameTokens, row: number, column: number, type: number): number {
  const sum = neighbourSum(tokens, tokens.lumaGroups, row, column);
  const activity = sum === 0 ? 0 : sum < 5 ? 1 : sum < 9 ? 2 : sum < 13 ? 3 : sum < 21 ? 4 : 5;
  return LUMA_ACTIVITIES * (type - 1) + activity;
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

/** Context of `chromaGroups` for a type (1..4). */
export function chromaGroupsContext(
  tokens: FrameTokens,
  row: number,
  column: number,
  type: number,
  hasLuma: boolean,
): number {
  const sum = neighbourSum(tokens, tokens.chromaGroups, row, column);
  return CHROMA_ACTIVITIES * (type - 1) + (hasLuma ? 4 : 0) + Math.min(3, (sum + 1) >> 1);
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
