import type { RatePoint } from '../../src/metrics/bd-rate.js';
import { METRICS, type MetricName } from '../../src/metrics/metric-names.js';
import type { DoneJob, Results } from '../results.js';
import type { CurvePoint, MeanCurve } from './types.js';

/** Jobs that went well. */
export function doneJobs(results: Results): DoneJob[] {
  return results.jobs.filter((job) => job.status === 'done');
}

/** A codec's measured points on a clip, by rising rate; jobs that failed or lack the metric have none. */
export function curveOf(results: Results, clip: string, codec: string, metric: MetricName): CurvePoint[] {
  return doneJobs(results)
    .filter((job) => job.clip === clip && job.codec === codec)
    .flatMap(({ setting, bitsPerPixel, metrics }) => {
      const values = metrics[metric];
      return values === undefined ? [] : [{ setting, rate: bitsPerPixel, value: values.mean }];
    })
    .sort((a, b) => a.rate - b.rate);
}

/** Points as BD figures want them: more is better. */
export function ratePoints(points: readonly CurvePoint[], metric: MetricName): RatePoint[] {
  const sign = METRICS[metric].higherIsBetter ? 1 : -1;
  return points.map(({ rate, value }) => ({ rate, quality: sign * value }));
}

/**
 * A codec's mean over all clips, setting by setting. A setting that lacks a clip is left out, so that all points of the
 * curve are means of the same clips.
 */
export function meanCurve(results: Results, codec: string, metric: MetricName): MeanCurve {
  const settings = results.codecs.find(({ name }) => name === codec)?.settings ?? [];
  const curves = results.clips.map(({ name }) => ({ name, points: curveOf(results, name, codec, metric) }));
  const points: CurvePoint[] = [];
  const leftOut: string[] = [];
  for (const setting of settings) {
    const found = curves.map(({ name, points: all }) => ({ name, point: all.find((one) => one.setting === setting) }));
    const missing = found.filter(({ point }) => point === undefined).map(({ name }) => name);
    if (missing.length > 0) {
      leftOut.push(`${setting}: no figure of ${missing.join(', ')}`);
      continue;
    }
    const all = found.map(({ point }) => point!);
    points.push({ setting, rate: meanOf(all.map(({ rate }) => rate)), value: meanOf(all.map(({ value }) => value)) });
  }
  return { codec, metric, points: points.sort((a, b) => a.rate - b.rate), leftOut };
}

/** Arithmetic mean of at least one value. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle value, or the mean of the two in the middle, of at least one. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return meanOf(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
}
