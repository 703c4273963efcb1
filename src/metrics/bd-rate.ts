import { Akima } from './akima.js';
import type { HermiteSpline } from './hermite-spline.js';
import { Pchip } from './pchip.js';

/** One measured point of a rate-distortion curve. */
export interface RatePoint {
  /** Bits per pixel, kbit/s or bytes: any unit, the same in both curves; above 0. */
  readonly rate: number;
  /** Higher is better (PSNR, SSIM, minus LPIPS). */
  readonly quality: number;
}

/**
 * The interpolation of curves between their points: `pchip` as in the common test conditions of HEVC and VVC, or
 * `akima`.
 */
export type BdMethod = 'pchip' | 'akima';

/** Options of {@link computeBdRate} and {@link computeBdQuality}. */
export interface BdOptions {
  /** Default: `pchip`. */
  readonly method?: BdMethod;
}

/** The difference in rate, or the reason why there is none. */
export type BdRate =
  | {
      readonly percent: number;
      /** Share of all qualities, from the least to the greatest of both curves, that both reach; above 0, at most 1. */
      readonly overlap: number;
    }
  | { readonly reason: string };

/** The difference in quality, or the reason why there is none. */
export type BdQuality =
  | {
      /** In the unit of the quality; above 0 is better. */
      readonly difference: number;
      /** Share of all log rates, from the least to the greatest of both curves, that both reach; above 0, at most 1. */
      readonly overlap: number;
    }
  | { readonly reason: string };

/**
 * Bjontegaard delta rate: by how many percent the rate of `test` differs from that of `anchor` at the same quality, on
 * average over the qualities that both curves reach; negative is better. Log rate over quality is interpolated
 * (G. Bjontegaard, VCEG-M33, 2001).
 *
 * @returns a reason instead of a figure where the curves do not allow one: fewer than two points, quality that does not
 * rise with rate, no common range.
 */
export function computeBdRate(
  anchor: readonly RatePoint[],
  test: readonly RatePoint[],
  { method = 'pchip' }: BdOptions = {},
): BdRate {
  const curves = sortBoth(anchor, test);
  if ('reason' in curves) return curves;
  for (const [points, name] of named(curves)) {
    const rises = points.every(({ quality }, at) => at === 0 || quality > points[at - 1]!.quality);
    if (!rises) return { reason: `the quality of ${name} does not rise with its rate` };
  }
  const mean = meanDifference(curves, method, ({ quality }) => quality, logRateOf);
  if (mean === null) return { reason: 'the curves have no quality in common' };
  return { percent: Math.expm1(mean.difference) * 100, overlap: mean.overlap };
}

/**
 * Bjontegaard delta quality (BD-PSNR for PSNR): by how much the quality of `test` differs from that of `anchor` at the
 * same rate, on average over the log rates that both curves reach; positive is better.
 *
 * @returns a reason instead of a figure where the curves do not allow one: fewer than two points, two points of one
 * rate, no common range.
 */
export function computeBdQuality(
  anchor: readonly RatePoint[],
  test: readonly RatePoint[],
  { method = 'pchip' }: BdOptions = {},
): BdQuality {
  const curves = sortBoth(anchor, test);
  if ('reason' in curves) return curves;
  const mean = meanDifference(curves, method, logRateOf, ({ quality }) => quality);
  return mean ?? { reason: 'the curves have no rate in common' };
}

type Curves = readonly [anchor: readonly RatePoint[], test: readonly RatePoint[]];

function named([anchor, test]: Curves): (readonly [readonly RatePoint[], string])[] {
  return [
    [anchor, 'the anchor'],
    [test, 'the test'],
  ];
}

/** Returns both curves by rising rate, or the error of one of them. */
function sortBoth(anchor: readonly RatePoint[], test: readonly RatePoint[]): Curves | { readonly reason: string } {
  for (const [points, name] of named([anchor, test])) {
    if (points.length < 2) return { reason: `${name} has fewer than two points` };
    if (!points.every(({ rate, quality }) => rate > 0 && Number.isFinite(rate) && Number.isFinite(quality))) {
      return { reason: `${name} has a rate that is not above 0 or a value that is not finite` };
    }
    if (new Set(points.map(({ rate }) => rate)).size < points.length) {
      return { reason: `${name} has two points of the same rate: its quality does not rise with its rate` };
    }
  }
  const byRate = (points: readonly RatePoint[]): RatePoint[] => points.toSorted((a, b) => a.rate - b.rate);
  return [byRate(anchor), byRate(test)];
}

function logRateOf({ rate }: RatePoint): number {
  return Math.log(rate);
}

/** Mean of test minus anchor over the x that both have; null if there is no such x. */
function meanDifference(
  [anchor, test]: Curves,
  method: BdMethod,
  xOf: (point: RatePoint) => number,
  yOf: (point: RatePoint) => number,
): { readonly difference: number; readonly overlap: number } | null {
  const ends = (points: readonly RatePoint[]): [number, number] => [xOf(points[0]!), xOf(points.at(-1)!)];
  const [[firstLow, firstHigh], [secondLow, secondHigh]] = [ends(anchor), ends(test)];
  const [low, high] = [Math.max(firstLow, secondLow), Math.min(firstHigh, secondHigh)];
  if (low >= high) return null;
  const Interpolation = method === 'pchip' ? Pchip : Akima;
  const fit = (points: readonly RatePoint[]): HermiteSpline => new Interpolation(points.map(xOf), points.map(yOf));
  const area = fit(test).integrate(low, high) - fit(anchor).integrate(low, high);
  const whole = Math.max(firstHigh, secondHigh) - Math.min(firstLow, secondLow);
  return { difference: area / (high - low), overlap: (high - low) / whole };
}
