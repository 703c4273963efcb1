import { LARGE_FREQUENCIES, LARGEST_BLOCK, LUMA_TAPS, MACROBLOCK, SUB_BLOCK } from './sizes';

// Working buffers of one instance. The wrapper sets their address: threads that share a memory have one set each.

/** Intermediate rows of separable interpolation: 16-bit, a macroblock's and those that the taps reach. */
export let interpolationRows: usize = 0;
/** One predicted block of at most the largest size. */
export let searchBlock: usize = 0;
/** A zero-extended intra boundary, int16: 3 N + 1 samples, rounded up to a multiple of 8. */
export let boundaryDifference: usize = 0;
/** Result of the first stage of a separable transform, int16, and its input in raster order. */
export let transformRows: usize = 0;
export let transformInput: usize = 0;
/** Two transformed blocks of 8x8, int16. */
export let transformBlocks: usize = 0;
/** One vector whose first lanes are stored. */
export let leftover: usize = 0;

const ROWS_BYTES = (MACROBLOCK + LUMA_TAPS - 1) * MACROBLOCK * 2;
const BLOCK_BYTES = LARGEST_BLOCK * LARGEST_BLOCK;
const BOUNDARY_BYTES = 4 * MACROBLOCK * 2;
const TRANSFORM_BYTES = LARGEST_BLOCK * LARGE_FREQUENCIES * 2;
const INPUT_BYTES = LARGE_FREQUENCIES * LARGE_FREQUENCIES * 2;
const PAIR_BYTES = 2 * SUB_BLOCK * SUB_BLOCK * 2;
const VECTOR_BYTES = 16;

/** The number of bytes that {@link useScratch} needs. */
export function scratchBytes(): usize {
  return ROWS_BYTES + BLOCK_BYTES + BOUNDARY_BYTES + TRANSFORM_BYTES + INPUT_BYTES + PAIR_BYTES + VECTOR_BYTES;
}

/** Puts the buffers at `at`, aligned to 16. Call it before all other functions. */
export function useScratch(at: usize): void {
  interpolationRows = at;
  searchBlock = at + ROWS_BYTES;
  boundaryDifference = at + ROWS_BYTES + BLOCK_BYTES;
  transformRows = boundaryDifference + BOUNDARY_BYTES;
  transformInput = transformRows + TRANSFORM_BYTES;
  transformBlocks = transformInput + INPUT_BYTES;
  leftover = transformBlocks + PAIR_BYTES;
}
