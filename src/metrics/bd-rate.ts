import { Pchip } from './pchip.js';

/** One measured point of a rate-distortion curve. */
export interface RatePoint {
  /** Bits per pixel, kbit/s or bytes: any unit, the same in both curves; above 0. */
  readonly rate: number;
  /** Higher is better (PSNR, SSIM, minus LPIPS). */
  readonly quality: number;
}

/** The difference in rate, or why there is none. */
export type BdRate = { readonly percent: number } | { readonly reason: string };

/**
 * Bjontegaard delta rate: by how many percent the rate of `test` differs from that of `anchor` at the same quality, on
 * average over the qualities that both curves reach; negative is better. Log rate over quality is interpolated by PCHIP
 * (as in the common test conditions of HEVC and VVC; G. Bjontegaard, VCEG-M33, 2001).
 *
 * @returns a reason instead of a figure where the curves do not allow one: fewer than two points, quality that does not
 * rise with rate, no common range.
 */
export function computeBdRate(anchor: readonly RatePoint[], test: readonly RatePoint[]): BdRate {
  const curves = [fitCurve(anchor, 'the anchor'), fitCurve(test, 'the test')] as const;
  for (const curve of curves) if ('reason' in curve) return curve;
  const [first, second] = curves as readonly [Curve, Curve];
  const low = Math.max(first.low, second.low);
  const high = Math.min(first.high, second.high);
  if (low >= high) {
    return { reason: 'the curves have no quality in common' };
  }
  const mean = (second.logRate.integrate(low, high) - first.logRate.integrate(low, high)) / (high - low);
  return { percent: (Math.exp(mean) - 1) * 100 };
}

interface Curve {
  readonly low: number;
  readonly high: number;
  readonly logRate: Pchip;
}

function fitCurve(points: readonly RatePoint[], name: string): Curve | { reason: string } {
  if (points.length < 2) return { reason: `${name} has fewer than two points` };
  if (!points.every(({ rate, quality }) => rate > 0 && Number.isFinite(rate) && Number.isFinite(quality))) {
    return { reason: `${name} has a rate that is not above 0 or a value that is not finite` };
  }
  const sorted = points.toSorted((a, b) => a.rate - b.rate);
  const rises = sorted.every(
    ({ rate, quality }, at) => at === 0 || (rate > sorted[at - 1]!.rate && quality > sorted[at - 1]!.quality),
  );
  if (!rises) return { reason: `the quality of ${name} does not rise with its rate` };
  const qualities = sorted.map(({ quality }) => quality);
  const logRates = sorted.map(({ rate }) => Math.log(rate));
  return { low: qualities[0]!, high: qualities.at(-1)!, logRate: new Pchip(qualities, logRates) };
}
