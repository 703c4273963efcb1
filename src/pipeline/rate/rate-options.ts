import { InputError } from '../../errors.js';
import type { MetricName } from '../../metrics/metric-names.js';

/** Metrics that can be a target. `psnr` is that of luma. */
export type TargetMetric = 'vmaf' | 'lpips' | 'psnr' | 'ssim' | 'ms-ssim';

/** A quality that each chunk (from key frame to key frame) is to have, measured with the post-filter that is shown. */
export interface QualityTarget {
  readonly metric: TargetMetric;
  readonly value: number;
  /** `mean` (the default): the mean over the frames of a chunk. `p5`: 5 % of its frames may be worse. */
  readonly statistic?: 'mean' | 'p5';
}

/**
 * What decides the quality of the frames instead of a constant `quality`. Either one of `bitrate`, `maxSize` and
 * `target`; or `maxSize` or `maxBitrate` as a limit in addition to `target` or to a `quality`.
 */
export interface RateOptions {
  /** Mean of the video's packets, bits per second. */
  readonly bitrate?: number;
  /** Bytes that the whole stream, with sound and all, must not exceed. */
  readonly maxSize?: number;
  /** Bits per second that the packets of no second of the video exceed. */
  readonly maxBitrate?: number;
  readonly target?: QualityTarget;
}

/** The metric that measures each target. */
export const TARGET_METRICS: Readonly<Record<TargetMetric, MetricName>> = {
  vmaf: 'vmaf',
  lpips: 'lpips',
  psnr: 'psnr-y',
  ssim: 'ssim',
  'ms-ssim': 'ms-ssim',
};

/** The least and the largest value of each metric. */
const RANGES: Readonly<Record<TargetMetric, readonly [number, number]>> = {
  vmaf: [0, 100],
  lpips: [0, 10],
  psnr: [0, 100],
  ssim: [-1, 1],
  'ms-ssim': [-1, 1],
};

/**
 * Returns why options do not fit together, and what to do; null if they do.
 *
 * @param quality whether a quality is given too.
 */
export function explainConflict(
  { bitrate, maxSize, maxBitrate, target }: RateOptions,
  quality: boolean,
): string | null {
  if (bitrate !== undefined) {
    if (quality) return 'a bit rate decides the quality: leave out the quality, or give it with a largest size instead';
    if (target !== undefined) {
      return 'a bit rate and a target both decide the quality: leave out one, or limit the target with a largest size';
    }
    if (maxSize !== undefined) {
      return 'a bit rate and a largest size both decide the quality: give only the one that is smaller';
    }
    if (maxBitrate !== undefined) {
      return 'a largest bit rate limits a quality or a target: give one of them instead of the mean bit rate';
    }
  }
  if (target !== undefined && quality) return 'a target decides the quality: leave out the quality';
  if (maxBitrate !== undefined && maxSize !== undefined) {
    return 'a largest bit rate and a largest size cannot be combined yet: give only one of them';
  }
  return null;
}

/**
 * Checks values and their combination.
 *
 * @throws InputError
 */
export function checkRate(rate: RateOptions, quality: boolean): void {
  const { bitrate, maxSize, maxBitrate, target } = rate;
  for (const [name, value] of Object.entries({ bitrate, maxSize, maxBitrate })) {
    if (value !== undefined && !(Number.isFinite(value) && value > 0)) {
      throw new InputError(`rate.${name} is ${value}: give a number above 0`);
    }
  }
  if (target !== undefined) {
    const { metric, value, statistic = 'mean' } = target;
    if (!Object.hasOwn(TARGET_METRICS, metric)) {
      throw new InputError(`there is no target ${metric}: give one of ${Object.keys(TARGET_METRICS).join(', ')}`);
    }
    const [least, most] = RANGES[metric];
    if (value < least || value > most) {
      const nearest = value < least ? `at least ${least}` : `at most ${most}`;
      throw new InputError(`the target ${describeTarget(target)} cannot be met: ${metric} is ${nearest}`);
    }
    if (!Number.isFinite(value)) throw new InputError(`the target ${metric} is ${value}: give a number`);
    if (!['mean', 'p5'].includes(statistic)) throw new InputError(`the statistic is ${statistic}: give mean or p5`);
  }
  const conflict = explainConflict(rate, quality);
  if (conflict !== null) throw new InputError(conflict);
}

/** Whether anything is asked for. */
export function hasRate(rate: RateOptions | undefined): rate is RateOptions {
  return rate !== undefined && Object.values(rate).some((value) => value !== undefined);
}

/** Returns the text of a target: `vmaf=93`, `p5:vmaf=88`. */
export function describeTarget({ metric, value, statistic = 'mean' }: QualityTarget): string {
  return `${statistic === 'mean' ? '' : `${statistic}:`}${metric}=${value}`;
}

/**
 * Returns the aim as one word for the header of the stream: `bitrate=800000`, `target=vmaf=93,max-size=50000000`.
 *
 * @param quality the given quality; undefined if it is the default.
 */
export function describeAim({ bitrate, maxSize, maxBitrate, target }: RateOptions, quality?: number): string {
  return [
    ...(bitrate === undefined ? [] : [`bitrate=${Math.round(bitrate)}`]),
    ...(target === undefined ? [] : [`target=${describeTarget(target)}`]),
    ...(quality === undefined ? [] : [`quality=${quality}`]),
    ...(maxSize === undefined ? [] : [`max-size=${Math.floor(maxSize)}`]),
    ...(maxBitrate === undefined ? [] : [`max-bitrate=${Math.round(maxBitrate)}`]),
  ].join(',');
}
