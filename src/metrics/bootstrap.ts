/** A 95 % interval of a mean, or the reason why there is none. */
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
 * 1979): values are drawn with replacement. The interval holds the middle 95 % of the means of all draws.
 *
 * @param values finite, such as the BD-rates of several clips.
 */
export function bootstrapMean(
  values: readonly number[],
  { seed = 1, samples = 10_000 }: BootstrapOptions = {},
): MeanInterval {
  if (values.length < 2) return { reason: 'an interval needs at least two values' };
  const random = uniform(seed);
  const means = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    let sum = 0;
    for (let drawn = 0; drawn < values.length; drawn++) sum += values[random(values.length)]!;
    means[sample] = sum / values.length;
  }
  means.sort();
  const at = (share: number): number => means[Math.round(share * (samples - 1))]!;
  return { low: at(0.025), high: at(0.975) };
}

// Read once, because reading global names is slow in the test environment.
const { floor, imul } = Math;

/** splitmix32: a counter, mixed. Gives whole numbers in 0 .. limit - 1. */
function uniform(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return floor(((mixed >>> 0) / 2 ** 32) * limit);
  };
}
