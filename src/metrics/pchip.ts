/**
 * Piecewise cubic Hermite interpolation that keeps the data's monotony: F. N. Fritsch and J. Butland, "A method for
 * constructing local monotone piecewise cubic interpolants", SIAM J. Sci. Stat. Comput. 5 (1984); slopes at the ends by
 * the three-point formula, limited.
 */
export class Pchip {
  readonly #x: readonly number[];
  readonly #y: readonly number[];
  readonly #slopes: readonly number[];

  /**
   * @param x strictly increasing, at least two.
   * @param y as many values.
   */
  constructor(x: readonly number[], y: readonly number[]) {
    this.#x = x;
    this.#y = y;
    this.#slopes = slopesOf(x, y);
  }

  /** The interpolant at `position`, which lies between the first and the last x. */
  at(position: number): number {
    const x = this.#x;
    let piece = 0;
    while (piece < x.length - 2 && position > x[piece + 1]!) piece++;
    const width = x[piece + 1]! - x[piece]!;
    const t = (position - x[piece]!) / width;
    const u = 1 - t;
    return (
      u * u * (1 + 2 * t) * this.#y[piece]! +
      t * t * (3 - 2 * t) * this.#y[piece + 1]! +
      t * u * width * (u * this.#slopes[piece]! - t * this.#slopes[piece + 1]!)
    );
  }

  /** Integral over `low..high`, both between the first and the last x. */
  integrate(low: number, high: number): number {
    const knots = [low, ...this.#x.filter((knot) => knot > low && knot < high), high];
    let sum = 0;
    for (let piece = 0; piece + 1 < knots.length; piece++) {
      const [from, to] = [knots[piece]!, knots[piece + 1]!];
      // Simpson's rule is exact for cubics.
      sum += ((to - from) / 6) * (this.at(from) + 4 * this.at((from + to) / 2) + this.at(to));
    }
    return sum;
  }
}

function slopesOf(x: readonly number[], y: readonly number[]): number[] {
  const widths = x.slice(1).map((value, at) => value - x[at]!);
  const secants = widths.map((width, at) => (y[at + 1]! - y[at]!) / width);
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
