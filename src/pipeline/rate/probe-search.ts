import { Pchip } from '../../metrics/pchip.js';
import type { TargetMetric } from './rate-options.js';

/** A quality and the value of a metric that was measured with it. */
export interface Measured {
  readonly quality: number;
  readonly value: number;
}

/** How a metric behaves. docs/ENCODER.md, "Rate control". */
export interface TargetScale {
  /** A value on a scale that grows about evenly with quality. */
  readonly scale: (value: number) => number;
  /** What one step of quality usually gives on that scale. */
  readonly step: number;
  /** How far a value is from a target, in the unit of {@link tolerance}. */
  readonly distance: (value: number, target: number) => number;
  /** Distances that are good enough at once, and after some probes. */
  readonly fine: number;
  readonly tolerance: number;
}

const plain = (value: number, target: number): number => Math.abs(value - target);
const ratio = (value: number, target: number): number => Math.abs(Math.log(value / target));
const similarity: TargetScale = {
  scale: (value) => -Math.log(Math.max(0, 1 - value)),
  step: 0.09,
  distance: (value, target) => ratio(1 - value, 1 - target),
  ...{ fine: 0.015, tolerance: 0.03 },
};

/** The metrics that can be targets. */
export const TARGET_SCALES: Readonly<Record<TargetMetric, TargetScale>> = {
  vmaf: {
    scale: (value) => Math.log(Math.max(0, value) / Math.max(0, 100 - value)),
    ...{ step: 0.13, distance: plain, fine: 0.25, tolerance: 0.5 },
  },
  psnr: { scale: (value) => value, step: 0.5, distance: plain, fine: 0.075, tolerance: 0.15 },
  lpips: {
    scale: (value) => -Math.log(Math.max(0, value)),
    ...{ step: 0.08, distance: ratio, fine: 0.015, tolerance: 0.03 },
  },
  ssim: similarity,
  'ms-ssim': similarity,
};

/** A search for the quality of a chunk. */
export interface ProbeSearch {
  readonly target: number;
  readonly metric: TargetMetric;
  readonly min: number;
  readonly max: number;
  /** The first quality to probe. */
  readonly first: number;
  /** What one step of quality gives, if chunks before have told. */
  readonly step?: number;
}

/** After so many probes the tolerance is enough, and after so many the best probe is taken. */
const USUAL_PROBES = 3;
const MOST_PROBES = 5;
/** Qualities that are closer make the same stream. */
const RESOLUTION = 0.03;
/** Steps beyond the known range, against what the slope says: values saturate. */
const SLOPE_RANGE = 3;

/**
 * Returns the next quality to probe, or null if the best probe is to be taken ({@link bestProbe}). First by the usual
 * slope, then along the line through two probes, then by monotone interpolation (PCHIP) between probes on both sides.
 *
 * @param probes all probes of the chunk so far.
 */
export function nextQuality(search: ProbeSearch, probes: readonly Measured[]): number | null {
  const { min, max } = search;
  const { fine, tolerance, step, scale, distance } = TARGET_SCALES[search.metric];
  if (probes.length === 0) return clip(search.first, min, max);
  const target = scale(search.target);
  const enough = probes.length < USUAL_PROBES ? fine : tolerance;
  if (probes.some(({ value }) => distance(value, search.target) <= enough)) return null;
  const points = probes
    .map(({ quality, value }) => ({ quality, height: scale(value) }))
    .sort((a, b) => a.quality - b.quality);
  const below = points.findLast(({ height }) => height < target);
  const above = points.find(({ height }) => height >= target);
  // Only the best quality shows that the target cannot be reached.
  if (above === undefined && probes.length >= USUAL_PROBES) return points.at(-1)!.quality >= max ? null : max;
  if (probes.length >= MOST_PROBES) return null;
  if (below !== undefined && above !== undefined) return between(points, below, above, target);
  const usual = search.step ?? step;
  const known = points.length < 2 ? usual : slopeOf(points.at(-1)!, points.at(-2)!);
  const slope = clip(known, usual / SLOPE_RANGE, usual * SLOPE_RANGE);
  const from = below === undefined ? points[0]! : points.at(-1)!;
  const wanted = clip(from.quality + (target - from.height) / slope, min, max);
  return Math.abs(wanted - from.quality) < RESOLUTION ? null : wanted;
}

interface Point {
  readonly quality: number;
  readonly height: number;
}

function between(points: readonly Point[], below: Point, above: Point, target: number): number | null {
  const [low, high] = [Math.min(below.quality, above.quality), Math.max(below.quality, above.quality)];
  if (high - low < RESOLUTION) return null;
  // A metric may fall a little where quality grows: only points that rise are interpolated.
  const rising = points.every(({ height }, at) => at === 0 || height > points[at - 1]!.height);
  const used = rising ? points : [below, above].sort((a, b) => a.height - b.height);
  const curve = new Pchip(
    used.map(({ height }) => height),
    used.map(({ quality }) => quality),
  );
  const margin = Math.min(RESOLUTION, (high - low) / 4);
  return clip(curve.at(target), low + margin, high - margin);
}

function slopeOf(a: Point, b: Point): number {
  return (a.height - b.height) / (a.quality - b.quality);
}

/** Returns the probe that is closest to the target: one that reaches it if none is within the tolerance. */
export function bestProbe<P extends Measured>(search: ProbeSearch, probes: readonly P[]): P {
  const { metric, target } = search;
  const { scale, distance } = TARGET_SCALES[metric];
  const isGood = (probe: P): boolean => !isMissed(search, probe.value);
  const cost = ({ value }: P): number => Math.min(distance(value, target), Number.MAX_VALUE);
  return probes.reduce((best, other) => {
    if (isGood(other) !== isGood(best)) return isGood(other) ? other : best;
    if (cost(other) !== cost(best)) return cost(other) < cost(best) ? other : best;
    return scale(other.value) > scale(best.value) ? other : best;
  });
}

/** Whether a value is worse than the target by more than the tolerance. */
export function isMissed({ metric, target }: ProbeSearch, value: number): boolean {
  const { scale, distance, tolerance } = TARGET_SCALES[metric];
  return !(scale(value) >= scale(target) || distance(value, target) <= tolerance);
}

/** What one step of quality gave between the two probes that are closest to each other; null if it is not known. */
export function stepOf(metric: TargetMetric, probes: readonly Measured[]): number | null {
  const { scale, step } = TARGET_SCALES[metric];
  const points = probes
    .map(({ quality, value }) => ({ quality, height: scale(value) }))
    .sort((a, b) => a.quality - b.quality);
  if (points.length < 2 || points.at(-1)!.quality - points[0]!.quality < 0.5) return null;
  const slope = slopeOf(points.at(-1)!, points[0]!);
  return Number.isFinite(slope) ? clip(slope, step / SLOPE_RANGE, step * SLOPE_RANGE) : null;
}

function clip(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
