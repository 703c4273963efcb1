/** A 95 % interval of a mean, or why there is none. */
export type MeanInterval = { readonly low: number; readonly high: number } | { readonly reason: string };

/** Options of {@link bootstrapMean}. */
export interface BootstrapOptions {
  /** Whole number; the same seed gives the same interval. Default: 1. */
  readonly seed?: number;
  /** How many samples are drawn. Default: 10000. */
  readonly samples?: number;
}

/**
 * The 95 % percentile bootstrap interval of the mean (B. Efron, "Bootstrap methods: another look at the jackknife",
 * 1979): values are drawn again with replacement; of the means of all draws the middle 95 % are spanned.
 *
 * @param values finite, such as the BD-rates of several clips.
 */
export function bootstrapMean(
  values: readonly number[],
  { seed = 1, samples = 10_000 }: BootstrapOptions = {},
): MeanInterval {
  if (values.length < 2) return { reason: 'an interval needs at least two values' };
  const random = new Uniform(seed);
  const means = Float64Array.from({ length: samples }, () => {
    let sum = 0;
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[random.below(values.length)]!;
    return sum / values.length;
  }).sort();
  const at = (share: number): number => means[Math.round(share * (samples - 1))]!;
  return { low: at(0.025), high: at(0.975) };
}

/** splitmix32: a counter, mixed. */
class Uniform {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number in 0 .. limit - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state ^ (this.#state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return Math.floor(((mixed >>> 0) / 2 ** 32) * limit);
  }
}
