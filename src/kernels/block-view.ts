import type { Kernels, Pointer } from './kernels.js';

/**
 * Samples in kernel memory, one byte each: `at` is the address of the first sample; `stride` is the distance to the row
 * below.
 */
export interface Samples {
  readonly at: Pointer;
  readonly stride: number;
}

/**
 * A square block of samples in kernel memory. A view is moved from block to block, so nothing is allocated per block.
 */
export class BlockView implements Samples {
  at: Pointer = 0;
  stride = 0;
  /** Width and height, samples. */
  size = 0;

  /** Allocates a new block. Its rows follow each other without gaps. */
  static allocate(kernels: Kernels, size: number): BlockView {
    const block = new BlockView();
    block.at = kernels.allocate(size * size);
    block.stride = size;
    block.size = size;
    return block;
  }

  /** Shows the `size` x `size` samples at (`y`, `x`) of `samples`. Returns this view. */
  moveTo(samples: Samples, y: number, x: number, size: number): this {
    this.at = samples.at + y * samples.stride + x;
    this.stride = samples.stride;
    this.size = size;
    return this;
  }

  /** Sets the size of an allocated block to `size` x `size` samples, at most the allocated number. */
  resize(size: number): void {
    this.stride = size;
    this.size = size;
  }
}
