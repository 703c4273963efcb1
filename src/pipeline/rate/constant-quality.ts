import type { QualityControl } from '../../codec/encoder.js';

/** Gives all frames one quality, which may have a fraction. */
export class ConstantQuality implements QualityControl {
  /** Reports come when it suits the workers. */
  readonly lag = 8;
  readonly #quality: number;

  constructor(quality: number) {
    this.#quality = quality;
  }

  quality(): number {
    return this.#quality;
  }

  coded(): void {
    // The quality does not depend on what was coded.
  }
}
