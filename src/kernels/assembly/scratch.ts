// Fixed working buffers inside the module's static memory; the wrapper allocates everything else above the heap base.

/** Intermediate rows of separable interpolation: 16-bit, (16 + 7) rows of 16 samples. */
export const interpolationRows: usize = memory.data(23 * 16 * 2, 16);
/** One predicted block of at most 16x16 samples. */
export const searchBlock: usize = memory.data(16 * 16, 16);
/** A zero-extended intra boundary (56 x int16). */
export const boundaryDifference: usize = memory.data(64 * 2, 16);

/** Bytes of static memory below which the wrapper must not allocate. */
export function scratchBytes(): usize {
  return __heap_base;
}
