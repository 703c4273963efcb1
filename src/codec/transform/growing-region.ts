import type { Kernels, Pointer } from '../../kernels/kernels.js';

/** Kernel memory for data of a size that changes from frame to frame, used again and again: fresh memory is slow. */
export class GrowingRegion {
  readonly #kernels: Kernels;
  #at: Pointer = 0;
  #size = 0;

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** Returns the address of `bytes` bytes with any contents. What an earlier call returned is no longer good. */
  take(bytes: number): Pointer {
    if (bytes > this.#size) {
      this.#size = Math.max(bytes, 2 * this.#size);
      this.#at = this.#kernels.allocate(this.#size);
    }
    return this.#at;
  }
}
