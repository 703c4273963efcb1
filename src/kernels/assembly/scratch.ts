// Working buffers of one instance. They lie where the wrapper says: threads that share a memory have one set each.

/** Intermediate rows of separable interpolation: 16-bit, (16 + 7) rows of 16 samples. */
export let interpolationRows: usize = 0;
/** One predicted block of at most 16x16 samples. */
export let searchBlock: usize = 0;
/** A zero-extended intra boundary (56 x int16). */
export let boundaryDifference: usize = 0;

const ROWS_BYTES = 23 * 16 * 2;
const BLOCK_BYTES = 16 * 16;
const BOUNDARY_BYTES = 64 * 2;

/** Bytes that {@link useScratch} takes. */
export function scratchBytes(): usize {
  return ROWS_BYTES + BLOCK_BYTES + BOUNDARY_BYTES;
}

/** Puts the buffers at `at`, aligned to 16. To be called before anything else. */
export function useScratch(at: usize): void {
  interpolationRows = at;
  searchBlock = at + ROWS_BYTES;
  boundaryDifference = at + ROWS_BYTES + BLOCK_BYTES;
}
