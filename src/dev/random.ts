import { createHash } from 'node:crypto';

/** Random numbers that depend on a text alone: the same everywhere, for ever. */
export class SeededRandom {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** A whole number in `0 .. limit - 1`, for limits up to 2^32. */
  below(limit: number): number {
    const digest = createHash('sha256').update(`${this.#seed} ${this.#count++}`).digest();
    // 48 bits: the unevenness of the modulus is below 2^-16.
    return digest.readUIntBE(0, 6) % limit;
  }
}
