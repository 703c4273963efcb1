import { HermiteSpline, secantsOf } from './hermite-spline.js';

/** Below this share of the largest change of slope a point counts as lying on straight lines on both sides. */
const STRAIGHT = 1e-9;

/**
 * Akima's interpolation: H. Akima, "A new method of interpolation and smooth curve fitting based on local procedures",
 * J. ACM 17 (1970). A point's slope leans towards the side on which the data change direction less, so that an outlier
 * bends the curve only nearby. Two points give a line.
 */
export class Akima extends HermiteSpline {
  /**
   * @param x strictly increasing, at least two.
   * @param y as many values.
   */
  constructor(x: readonly number[], y: readonly number[]) {
    super(x, y, slopesOf(x, y));
  }
}

function slopesOf(x: readonly number[], y: readonly number[]): number[] {
  const secants = secantsOf(x, y);
  if (secants.length === 1) return [secants[0]!, secants[0]!];
  // Two more secants at each end, as a parabola through the last three points has them.
  const [first, second] = secants as [number, number];
  const [beforeLast, last] = secants.slice(-2) as [number, number];
  const all = [
    3 * first - 2 * second,
    2 * first - second,
    ...secants,
    2 * last - beforeLast,
    3 * last - 2 * beforeLast,
  ];
  // Point i lies between the secants i + 1 and i + 2 of `all`.
  const bends = all.slice(1).map((secant, at) => Math.abs(secant - all[at]!));
  const weights = x.map((_, at) => bends[at]! + bends[at + 2]!);
  const largest = Math.max(...weights);
  return x.map((_, at) => {
    const [before, after] = [all[at + 1]!, all[at + 2]!];
    if (weights[at]! <= STRAIGHT * largest) return (all[at]! + all[at + 3]!) / 2;
    return before + (bends[at]! / weights[at]!) * (after - before);
  });
}
