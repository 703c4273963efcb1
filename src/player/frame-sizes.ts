import type { FrameBits } from './api.js';

/** The largest number of sizes that are kept. */
const LIMIT = 20_000;

/** Sizes of frames, sorted by time. Frames come nearly in order, some of them again. */
export class FrameSizes {
  readonly #sizes: FrameBits[] = [];

  get all(): readonly FrameBits[] {
    return this.#sizes;
  }

  add(size: FrameBits): void {
    let at = this.#sizes.length;
    while (at > 0 && this.#sizes[at - 1]!.time >= size.time) at--;
    if (this.#sizes[at]?.time === size.time) return;
    this.#sizes.splice(at, 0, size);
    if (this.#sizes.length > LIMIT) this.#sizes.shift();
  }
}
