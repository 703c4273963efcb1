import { computeBdQuality, computeBdRate } from '../../src/metrics/bd-rate.js';
import { bootstrapMean } from '../../src/metrics/bootstrap.js';
import { METRICS, type MetricName } from '../../src/metrics/metric-names.js';
import type { Results } from '../results.js';
import { curveOf, meanOf, medianOf, ratePoints } from './curves.js';
import type { BdEntry, BdKind, BdRow, BdSummary, BdTable, CurvePoint, Figure } from './types.js';

/** Kinds of figures of a {@link BdEntry}. */
export const BD_KINDS: readonly BdKind[] = ['rate', 'rateAkima', 'quality'];

/** Draws of each interval: a report has hundreds of intervals, and their ends move by less than what is shown. */
const BOOTSTRAP_SAMPLES = 4000;

/** Page, Markdown and plots ask for the same tables. */
const known = new WeakMap<Results, Map<string, BdTable>>();

/**
 * Every other codec of a run against `anchor`, by one metric. Computed once for each `results`, which must not change.
 */
export function bdTable(results: Results, anchor: string, metric: MetricName): BdTable {
  const tables = known.get(results) ?? new Map<string, BdTable>();
  known.set(results, tables);
  const key = JSON.stringify([anchor, metric]);
  const table = tables.get(key) ?? computeTable(results, anchor, metric);
  tables.set(key, table);
  return table;
}

function computeTable(results: Results, anchor: string, metric: MetricName): BdTable {
  const rows = results.codecs
    .filter(({ name }) => name !== anchor)
    .map(({ name }) =>
      bdRow(
        name,
        results.clips.map((clip) =>
          compareCurves(curveOf(results, clip.name, anchor, metric), curveOf(results, clip.name, name, metric), metric),
        ),
      ),
    );
  return { anchor, metric, rows };
}

/** The codec that others are compared with where nobody says which: x264 medium, or the first that is none of ours. */
export function defaultAnchor({ codecs }: Results): string {
  const names = codecs.map(({ name }) => name);
  return names.find((name) => name === 'x264:medium') ?? names.find((name) => !name.startsWith('tessera')) ?? names[0]!;
}

/** Clips' figures with their means. */
export function bdRow(codec: string, clips: readonly BdEntry[]): BdRow {
  const summary = Object.fromEntries(BD_KINDS.map((kind) => [kind, summarise(clips.map((clip) => clip[kind]))]));
  return { codec, clips, summary: summary as Record<BdKind, BdSummary> };
}

/** BD figures of one curve against another, both of one clip. */
export function compareCurves(
  anchorPoints: readonly CurvePoint[],
  testPoints: readonly CurvePoint[],
  metric: MetricName,
): BdEntry {
  const [anchor, test] = [ratePoints(anchorPoints, metric), ratePoints(testPoints, metric)];
  const rate = computeBdRate(anchor, test);
  const akima = computeBdRate(anchor, test, { method: 'akima' });
  const quality = computeBdQuality(anchor, test);
  const sign = METRICS[metric].higherIsBetter ? 1 : -1;
  return {
    rate: 'reason' in rate ? rate : finite(rate.percent),
    rateAkima: 'reason' in akima ? akima : finite(akima.percent),
    quality: 'reason' in quality ? quality : finite(sign * quality.difference),
    overlap: 'reason' in rate ? null : rate.overlap,
  };
}

/** Mean, median and interval of the figures that are there. */
export function summarise(figures: readonly Figure[]): BdSummary {
  const values = figures.flatMap((figure) => ('value' in figure ? [figure.value] : []));
  const interval = bootstrapMean(values, { samples: BOOTSTRAP_SAMPLES });
  if (values.length === 0) {
    const none = { reason: 'no clip has a figure' };
    return { mean: none, median: none, interval, count: 0 };
  }
  return { mean: { value: meanOf(values) }, median: { value: medianOf(values) }, interval, count: values.length };
}

/** Curves can be so far apart that their ratio leaves the range of numbers. */
function finite(value: number): Figure {
  return Number.isFinite(value) ? { value } : { reason: 'the curves are too far apart' };
}
