import { HermiteSpline, secantsOf } from './hermite-spline.js';

/**
 * Piecewise cubic Hermite interpolation that keeps the data's monotony: F. N. Fritsch and J. Butland, "A method for
 * constructing local monotone piecewise cubic interpolants", SIAM J. Sci. Stat. Comput. 5 (1984); slopes at the ends by
 * the three-point formula, limited.
 */
export class Pchip extends HermiteSpline {
  /**
   * @param x strictly increasing, at least two.
   * @param y as many values.
   */
  constructor(x: readonly number[], y: readonly number[]) {
    super(x, y, slopesOf(x, y));
  }
}

function slopesOf(x: readonly number[], y: readonly number[]): number[] {
  const widths = x.slice(1).map((value, at) => value - x[at]!);
  const secants = secantsOf(x, y);
  const last = x.length - 1;
  if (last === 1) return [secants[0]!, secants[0]!];
  return x.map((_, at) => {
    if (at === 0) return endSlope(widths[0]!, widths[1]!, secants[0]!, secants[1]!);
    if (at === last) return endSlope(widths[last - 1]!, widths[last - 2]!, secants[last - 1]!, secants[last - 2]!);
    const [before, after] = [secants[at - 1]!, secants[at]!];
    if (before * after <= 0) return 0;
    // Weighted harmonic mean of the secants.
    const [near, far] = [2 * widths[at]! + widths[at - 1]!, widths[at]! + 2 * widths[at - 1]!];
    return (near + far) / (near / before + far / after);
  });
}

/** One-sided three-point slope, limited so that the end piece keeps the data's shape. */
function endSlope(width: number, nextWidth: number, secant: number, nextSecant: number): number {
  const slope = ((2 * width + nextWidth) * secant - width * nextSecant) / (width + nextWidth);
  if (Math.sign(slope) !== Math.sign(secant)) return 0;
  if (Math.sign(secant) !== Math.sign(nextSecant) && Math.abs(slope) > 3 * Math.abs(secant)) return 3 * secant;
  return slope;
}
