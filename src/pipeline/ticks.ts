import type { Rational } from '../video/frame.js';

/** Converts ticks to seconds, with the precision of a double. */
export function ticksToSeconds(ticks: bigint, timeBase: Rational): number {
  return (Number(ticks) * timeBase.num) / timeBase.den;
}

/** Returns the first tick at or after `seconds`. */
export function secondsToTicks(seconds: number, timeBase: Rational): bigint {
  // A microtick of tolerance: 0.1 s is a whole number of ticks of 1/90000, but not in binary.
  return BigInt(Math.ceil((seconds * timeBase.den) / timeBase.num - 1e-6));
}

/** Converts ticks of one time base to the nearest ticks of another, halves upwards. */
export function convertTicks(ticks: bigint, from: Rational, to: Rational): bigint {
  const numerator = 2n * ticks * BigInt(from.num) * BigInt(to.den) + BigInt(from.den) * BigInt(to.num);
  const denominator = 2n * BigInt(from.den) * BigInt(to.num);
  const quotient = numerator / denominator;
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient;
}
