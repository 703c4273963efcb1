import { LARGE_FREQUENCIES, LARGEST_BLOCK, LUMA_TAPS, MACROBLOCK, SUB_BLOCK } from './sizes';

// Working buffers of one instance. The wrapper sets their address: threads that share a memory have one set each.

/** Sums between the two stages of interpolation (`interpolation.ts`). */
export let columnSums: usize = 0;
/** Interpolated samples of a search: those between columns, between rows, and between both. */
export let betweenColumns: usize = 0;
export let betweenRows: usize = 0;
export let betweenBoth: usize = 0;
/** An intra boundary less its mean, int16: 3 N + 1 samples, rounded up to a multiple of 8. */
export let boundaryDifference: usize = 0;
/** Result of the first stage of a separable transform, int16, and its input in raster order. */
export let transformRows: usize = 0;
export let transformInput: usize = 0;
/** Pairs of rows of 8 values before its first stage, int16, and its outputs in raster order, int32. */
export let transformPairs: usize = 0;
export let transformOutput: usize = 0;
/** Two transformed blocks of 8x8, int16. */
export let transformBlocks: usize = 0;

/** Magnitudes of a block's tokens, as far as contexts count them, uint8. */
export let tokenMagnitudes: usize = 0;
/** Sums of the magnitudes of each token's neighbours, uint8. */
export let tokenSums: usize = 0;

/** Columns and rows of samples of the largest block and one more, in blocks of 8 columns. */
export const SEARCH_STRIDE: i32 = LARGEST_BLOCK + 8;
/** Bytes of a row of sums: those of the largest block, one more sample and the filter's reach. */
export const SUMS_STRIDE: i32 = (LARGEST_BLOCK + LUMA_TAPS) * 2;
const SUMS_BYTES = (LARGEST_BLOCK + 1) * SUMS_STRIDE;
const SAMPLES_BYTES = (LARGEST_BLOCK + 1) * SEARCH_STRIDE;
const BOUNDARY_BYTES = 4 * MACROBLOCK * 2;
const TRANSFORM_BYTES = LARGEST_BLOCK * LARGE_FREQUENCIES * 2;
const INPUT_BYTES = LARGE_FREQUENCIES * LARGE_FREQUENCIES * 2;
const TRANSFORM_PAIR_BYTES = LARGEST_BLOCK * SUB_BLOCK * 2;
const OUTPUT_BYTES = 2 * INPUT_BYTES;
const PAIR_BYTES = 2 * SUB_BLOCK * SUB_BLOCK * 2;
const TOKEN_BYTES = MACROBLOCK * MACROBLOCK;

/** The number of bytes that {@link useScratch} needs. */
export function scratchBytes(): usize {
  return (
    SUMS_BYTES +
    3 * SAMPLES_BYTES +
    BOUNDARY_BYTES +
    TRANSFORM_BYTES +
    INPUT_BYTES +
    TRANSFORM_PAIR_BYTES +
    OUTPUT_BYTES +
    PAIR_BYTES +
    2 * TOKEN_BYTES
  );
}

/** Puts the buffers at `at`, aligned to 16. Call it before all other functions. */
export function useScratch(at: usize): void {
  columnSums = at;
  betweenColumns = columnSums + SUMS_BYTES;
  betweenRows = betweenColumns + SAMPLES_BYTES;
  betweenBoth = betweenRows + SAMPLES_BYTES;
  boundaryDifference = betweenBoth + SAMPLES_BYTES;
  transformRows = boundaryDifference + BOUNDARY_BYTES;
  transformInput = transformRows + TRANSFORM_BYTES;
  transformPairs = transformInput + INPUT_BYTES;
  transformOutput = transformPairs + TRANSFORM_PAIR_BYTES;
  transformBlocks = transformOutput + OUTPUT_BYTES;
  tokenMagnitudes = transformBlocks + PAIR_BYTES;
  tokenSums = tokenMagnitudes + TOKEN_BYTES;
}
