import type { MetricName } from '../../src/metrics/metric-names.js';
import { Pchip } from '../../src/metrics/pchip.js';
import type { Results } from '../results.js';
import { curveOf, meanOf } from './curves.js';
import type { AtRateRow, CurvePoint, Figure } from './types.js';

/**
 * A curve's value at a rate, by PCHIP over log rate between measured points; nothing is guessed beyond them.
 *
 * @param points by rising rate.
 * @param rate bits per pixel, above 0.
 */
export function valueAtRate(points: readonly CurvePoint[], rate: number): Figure {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return { reason: 'there is no point' };
  const exact = points.find((point) => point.rate === rate);
  if (exact !== undefined) return { value: exact.value };
  if (rate < first.rate) return { reason: `the lowest rate is ${first.rate.toFixed(4)}` };
  if (rate > last.rate) return { reason: `the highest rate is ${last.rate.toFixed(4)}` };
  const x = points.map((point) => Math.log(point.rate));
  if (x.some((value, at) => at > 0 && value <= x[at - 1]!)) return { reason: 'two points have the same rate' };
  const y = points.map((point) => point.value);
  return { value: new Pchip(x, y).at(Math.log(rate)) };
}

/** Every codec's metrics at a rate: the mean over the clips whose curve reaches it. */
export function tableAtRate(results: Results, rate: number): AtRateRow[] {
  return results.codecs.map(({ name: codec }) => ({
    codec,
    values: Object.fromEntries(
      results.settings.metrics.map((metric) => [metric, meanAtRate(results, codec, metric, rate)]),
    ),
  }));
}

function meanAtRate(
  results: Results,
  codec: string,
  metric: MetricName,
  rate: number,
): { readonly figure: Figure; readonly count: number } {
  const figures = results.clips.map((clip) => valueAtRate(curveOf(results, clip.name, codec, metric), rate));
  const values = figures.flatMap((figure) => ('value' in figure ? [figure.value] : []));
  if (values.length > 0) return { figure: { value: meanOf(values) }, count: values.length };
  const reasons = new Set(figures.flatMap((figure) => ('reason' in figure ? [figure.reason] : [])));
  const [only] = reasons;
  return { figure: { reason: reasons.size === 1 ? only! : 'no curve reaches this rate' }, count: 0 };
}
