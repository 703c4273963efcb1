/** A piecewise cubic curve through points with given slopes. */
export class HermiteSpline {
  readonly #x: readonly number[];
  readonly #y: readonly number[];
  readonly #slopes: readonly number[];

  /**
   * @param x strictly increasing, at least two.
   * @param y as many values.
   * @param slopes as many derivatives.
   */
  constructor(x: readonly number[], y: readonly number[], slopes: readonly number[]) {
    this.#x = x;
    this.#y = y;
    this.#slopes = slopes;
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

/** Slope of the line between each point and the next. */
export function secantsOf(x: readonly number[], y: readonly number[]): number[] {
  return x.slice(1).map((value, at) => (y[at + 1]! - y[at]!) / (value - x[at]!));
}
