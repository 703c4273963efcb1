import { pairOf } from '../../entropy/adaptive-tables.js';
import { shiftOf } from '../macroblock-grid.js';
import { BLOCK_16, INTER16, INTRA16, isIntra, SKIP, type FrameTokens } from './frame-tokens.js';
import { MOTION_SPREADS, type MotionNeighbours } from './motion.js';
import type { TemporalMotion } from './temporal-motion.js';

/**
 * Contexts of the mode symbols (FORMAT.md section 8, table "Modes"): they depend on the macroblocks to the left and
 * above, and on the collocated block. Each symbol has two contexts, which are returned as a pair of tables (see
 * {@link pairOf}); the tables of the second context stand behind those of the first. `row` and `column` count
 * macroblocks unless said otherwise.
 */

/** Kinds of blocks with a residual: the four types of macroblocks, then inter and intra blocks of 32x32 and of 64x64. */
const RESIDUAL_KINDS = 8;
/** Levels of `lumaGroups` of the collocated block, 17 values and none. */
const COLLOCATED_GROUPS = 18;
/** Kinds of the collocated block that `collocatedKind` tells apart. */
const COLLOCATED_KINDS = 25;
/** Types of a neighbour, and none. */
const NEIGHBOUR_TYPES = 6;
/** Sizes of a neighbour, and none. */
const NEIGHBOUR_SIZES = 4;
/** How many collocated blocks are smaller than a square, and none. */
const SMALLER = 4;

/** Number of first contexts, then of second ones, by symbol. */
export const SPLIT_CONTEXTS = [4 * SMALLER * NEIGHBOUR_SIZES ** 2, 12 * COLLOCATED_KINDS] as const;
export const TYPE_LARGE_CONTEXTS = [18 * SMALLER, 18 * COLLOCATED_KINDS] as const;
export const TYPE_CONTEXTS = [NEIGHBOUR_TYPES ** 2, 9 * COLLOCATED_KINDS] as const;
export const TYPE_KEY_CONTEXTS = [9, 36] as const;
export const LUMA_GROUPS_CONTEXTS = [RESIDUAL_KINDS * 6, RESIDUAL_KINDS * COLLOCATED_GROUPS] as const;
export const TRANSFORM_CONTEXTS = [18, 18] as const;
export const CHROMA_GROUPS_CONTEXTS = [RESIDUAL_KINDS * 16, RESIDUAL_KINDS * 12] as const;
/** Kinds of partitions: whole blocks of three sizes; and sub-blocks, which are not skipped. */
export const SKIP_KINDS = 3;
export const MOTION_KINDS = 4;
/** The same for each kind of partition. */
export const MOTION_CONTEXTS = [MOTION_SPREADS, COLLOCATED_KINDS] as const;
export const REFERENCE_CONTEXTS = [100, 4] as const;

/**
 * Contexts of `split` for a block of `size` whose first macroblock is (`row`, `column`).
 *
 * @param isKey whether the frame is a key frame.
 */
export function splitContext(
  tokens: FrameTokens,
  temporal: TemporalMotion,
  row: number,
  column: number,
  size: number,
  isKey: boolean,
): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  const kind = (isKey ? 2 : 0) + size - 1;
  const left = column > 0 ? tokens.blockSize[at - 1]! : 3;
  const above = row > 0 ? tokens.blockSize[at - columns]! : 3;
  const smaller = smallerCollocated(tokens, temporal, row, column, size);
  return pairOf(
    ((kind * NEIGHBOUR_SIZES + left) * NEIGHBOUR_SIZES + above) * SMALLER + smaller,
    SPLIT_CONTEXTS[0] +
      (3 * kind + (left < size ? 1 : 0) + (above < size ? 1 : 0)) * COLLOCATED_KINDS +
      collocatedKind(tokens, temporal, row, column, size),
  );
}

/** Contexts of `typeLarge` for a block of `size`. */
export function typeLargeContext(
  tokens: FrameTokens,
  temporal: TemporalMotion,
  row: number,
  column: number,
  size: number,
): number {
  const classes = 9 * (size - 1) + neighbourClasses(tokens, row, column);
  return pairOf(
    classes * SMALLER + smallerCollocated(tokens, temporal, row, column, size),
    TYPE_LARGE_CONTEXTS[0] + classes * COLLOCATED_KINDS + collocatedKind(tokens, temporal, row, column, size),
  );
}

/** Contexts of `type` in inter frames. */
export function typeContext(tokens: FrameTokens, temporal: TemporalMotion, row: number, column: number): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  const left = column > 0 ? tokens.type[at - 1]! + 1 : 0;
  const above = row > 0 ? tokens.type[at - columns]! + 1 : 0;
  return pairOf(
    NEIGHBOUR_TYPES * left + above,
    TYPE_CONTEXTS[0] +
      neighbourClasses(tokens, row, column) * COLLOCATED_KINDS +
      collocatedKind(tokens, temporal, row, column, BLOCK_16),
  );
}

/** Contexts of `typeKey`. */
export function typeKeyContext(tokens: FrameTokens, row: number, column: number): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  const left = column > 0 ? tokens.type[at - 1]! - INTRA16 + 1 : 0;
  const above = row > 0 ? tokens.type[at - columns]! - INTRA16 + 1 : 0;
  const leftLevel = column > 0 ? 1 + groupsLevel(tokens.lumaGroups[at - 1]!) : 0;
  const aboveLevel = row > 0 ? 1 + groupsLevel(tokens.lumaGroups[at - columns]!) : 0;
  return pairOf(3 * left + above, TYPE_KEY_CONTEXTS[0] + 6 * leftLevel + aboveLevel);
}

/** Contexts of an intra mode of a whole block at sub-block (`y`, `x`) of the 8x8 grid, for a pack with `modeCount` modes. */
export function intraMode16Context(tokens: FrameTokens, y: number, x: number, modeCount: number): number {
  return pairOf(leftMode(tokens, y, x), modeCount + 1 + aboveMode(tokens, y, x));
}

/** Contexts of the intra mode of sub-block (`y`, `x`) of the 8x8 grid, for a pack with `modeCount` modes. */
export function intraMode8Context(tokens: FrameTokens, y: number, x: number, modeCount: number): number {
  const count = modeCount + 1;
  const left = leftMode(tokens, y, x);
  return pairOf(count * left + aboveMode(tokens, y, x), count * count + left);
}

/** Contexts of `lumaGroups` for a block of a size and a type (1..4). */
export function lumaGroupsContext(
  tokens: FrameTokens,
  temporal: TemporalMotion,
  row: number,
  column: number,
  size: number,
  type: number,
): number {
  const kind = residualKind(size, type);
  const modes = temporal.collocatedModes;
  const collocated = modes === null ? 0 : 1 + modes.lumaGroups[collocatedAt(tokens, row, column, size)]!;
  return pairOf(
    6 * kind + lumaActivity(tokens, row, column),
    LUMA_GROUPS_CONTEXTS[0] + COLLOCATED_GROUPS * kind + collocated,
  );
}

/** Contexts of `transform` for a type (1..3). */
export function transformContext(
  tokens: FrameTokens,
  temporal: TemporalMotion,
  row: number,
  column: number,
  type: number,
): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  const modes = temporal.collocatedModes;
  const small =
    (column > 0 && hasSmallTransform(tokens, at - 1) ? 1 : 0) +
    (row > 0 && hasSmallTransform(tokens, at - columns) ? 1 : 0);
  return pairOf(
    2 * (3 * (type - 1) + small) + (modes !== null && hasSmallTransform(modes, at) ? 1 : 0),
    TRANSFORM_CONTEXTS[0] + 6 * (type - 1) + lumaActivity(tokens, row, column),
  );
}

/** Contexts of `chromaGroups` for a block of a size, a type (1..4) and a value of `lumaGroups`. */
export function chromaGroupsContext(
  tokens: FrameTokens,
  temporal: TemporalMotion,
  row: number,
  column: number,
  size: number,
  type: number,
  lumaGroups: number,
): number {
  const kind = residualKind(size, type);
  const modes = temporal.collocatedModes;
  const sum = neighbourSum(tokens, tokens.chromaGroups, row, column);
  const all = sum + (modes === null ? 0 : modes.chromaGroups[collocatedAt(tokens, row, column, size)]!);
  const luma = lumaGroups === 0 ? 0 : lumaGroups < 5 ? 1 : lumaGroups < 9 ? 2 : 3;
  const activity = all < 2 ? all : all < 4 ? 2 : all < 6 ? 3 : all < 9 ? 4 : 5;
  return pairOf(
    16 * kind + 4 * luma + Math.min(3, (sum + 1) >> 1),
    CHROMA_GROUPS_CONTEXTS[0] + 12 * kind + (lumaGroups > 0 ? 6 : 0) + activity,
  );
}

/**
 * Contexts of `motionSkip` (`isSkip`) or `motion` for a partition whose top left sub-block is (`row`, `column`) on the 8x8
 * grid.
 *
 * @param neighbours those of the partition.
 * @param size its width in sub-blocks: 1, 2, 4 or 8.
 */
export function motionContext(
  tokens: FrameTokens,
  neighbours: MotionNeighbours,
  row: number,
  column: number,
  size: number,
  isSkip: boolean,
): number {
  const [spreads, collocated] = MOTION_CONTEXTS;
  const width = shiftOf(size);
  const kinds = isSkip ? SKIP_KINDS : MOTION_KINDS;
  const kind = isSkip ? width - 1 : width;
  const block = Math.max(BLOCK_16, width - 1);
  return pairOf(
    kind * spreads + neighbours.spread(),
    kinds * spreads + kind * collocated + collocatedKind(tokens, neighbours.temporal, row >> 1, column >> 1, block),
  );
}

/** Contexts of `reference` for a partition of so many sub-blocks' width. */
export function referenceContext(neighbours: MotionNeighbours, size: number): number {
  const width = shiftOf(size);
  return pairOf(25 * width + neighbours.referenceContext(), REFERENCE_CONTEXTS[0] + width);
}

/** Kind of a block with a residual, 0..7: inter16, inter8, intra16, intra8, inter 32, inter 64, intra 32, intra 64. */
function residualKind(size: number, type: number): number {
  return size === BLOCK_16 ? type - INTER16 : 3 + size + (type === INTRA16 ? 2 : 0);
}

/** The macroblock behind the centre of a block; a block of 16x16 itself. */
function collocatedAt(tokens: FrameTokens, row: number, column: number, size: number): number {
  const half = (1 << size) >> 1;
  return (row + half) * tokens.geometry.columns + column + half;
}

/** Kind of the collocated block, 0..24: none or skip, inter16, inter8, intra; each with five levels of `lumaGroups`. */
function collocatedKind(
  tokens: FrameTokens,
  temporal: TemporalMotion,
  row: number,
  column: number,
  size: number,
): number {
  const modes = temporal.collocatedModes;
  if (modes === null) return 0;
  const at = collocatedAt(tokens, row, column, size);
  return 5 * (1 + Math.min(INTRA16, modes.type[at]!)) + groupsLevel(modes.lumaGroups[at]!);
}

/** 0 if there is no collocated block, else 1 + how many of the two collocated blocks are smaller than a square. */
function smallerCollocated(
  tokens: FrameTokens,
  temporal: TemporalMotion,
  row: number,
  column: number,
  size: number,
): number {
  const { collocatedModes, firstModes } = temporal;
  if (collocatedModes === null || firstModes === null) return 0;
  const at = collocatedAt(tokens, row, column, size);
  return 1 + (collocatedModes.blockSize[at]! < size ? 1 : 0) + (firstModes.blockSize[at]! < size ? 1 : 0);
}

/** 0..8 from the classes of left and above. */
function neighbourClasses(tokens: FrameTokens, row: number, column: number): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  return 3 * (column > 0 ? typeClass(tokens.type[at - 1]!) : 0) + (row > 0 ? typeClass(tokens.type[at - columns]!) : 0);
}

/** Contexts of `chromaFromLuma`: size of the block, number of neighbours that have it. */
export const CHROMA_FROM_LUMA_CONTEXTS = 9;

/** Context of `chromaFromLuma` for an intra block of a size. */
export function chromaFromLumaContext(tokens: FrameTokens, row: number, column: number, size: number): number {
  return 3 * size + neighbourSum(tokens, tokens.chromaFromLuma, row, column);
}

function typeClass(type: number): number {
  return type === SKIP ? 0 : isIntra(type) ? 2 : 1;
}

/** Level 0..4 of `lumaGroups`. */
function groupsLevel(groups: number): number {
  return groups === 0 ? 0 : groups < 4 ? 1 : groups < 7 ? 2 : groups < 10 ? 3 : 4;
}

/** Activity 0..5 of the neighbours' luma. */
function lumaActivity(tokens: FrameTokens, row: number, column: number): number {
  const sum = neighbourSum(tokens, tokens.lumaGroups, row, column);
  return sum === 0 ? 0 : sum < 5 ? 1 : sum < 9 ? 2 : sum < 13 ? 3 : sum < 21 ? 4 : 5;
}

function leftMode(tokens: FrameTokens, y: number, x: number): number {
  return x > 0 ? modeClass(tokens, y, x - 1) : 0;
}

function aboveMode(tokens: FrameTokens, y: number, x: number): number {
  return y > 0 ? modeClass(tokens, y - 1, x) : 0;
}

function modeClass(tokens: FrameTokens, y: number, x: number): number {
  const { columns } = tokens.geometry;
  const type = tokens.type[(y >> 1) * columns + (x >> 1)]!;
  return isIntra(type) ? tokens.intraMode[y * columns * 2 + x]! + 1 : 0;
}

function hasSmallTransform(modes: Pick<FrameTokens, 'transform' | 'lumaGroups'>, at: number): boolean {
  return modes.transform[at] === 1 && modes.lumaGroups[at]! > 0;
}

function neighbourSum(tokens: FrameTokens, values: Uint8Array, row: number, column: number): number {
  const { columns } = tokens.geometry;
  const at = row * columns + column;
  return (column > 0 ? values[at - 1]! : 0) + (row > 0 ? values[at - columns]! : 0);
}
