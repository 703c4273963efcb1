import type { TopLevelSpec } from 'vega-lite';
import { METRICS, type MetricName } from '../../src/metrics/metric-names.js';
import { bdTable, defaultAnchor } from '../analysis/bd-tables.js';
import { curveOf, meanCurve } from '../analysis/curves.js';
import { speedsOf } from '../analysis/speeds.js';
import type { Results } from '../results.js';
import { codecStyles } from './shared/palette.js';

/** A plot: a specification of Vega-Lite and the name of its files, without ending. */
export interface Plot {
  readonly name: string;
  readonly spec: TopLevelSpec;
}

/** Bits per pixel span decades: a log axis with its usual ticks. */
const RATE_AXIS = {
  field: 'rate',
  type: 'quantitative' as const,
  title: 'bits per pixel',
  scale: { type: 'log' as const, nice: false, padding: 12 },
  axis: { values: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10], format: '~g' },
};

/**
 * All plots of a run: for each metric the curves on average (`rd-METRIC`) and by clip (`clips-METRIC`), and speed
 * against BD-rate (`speed-METRIC`) where times were taken. The anchor is {@link defaultAnchor}.
 */
export function plotsOf(results: Results): Plot[] {
  const { metrics } = results.settings;
  return [
    ...metrics.flatMap((metric) => [meanPlot(results, metric), clipsPlot(results, metric)]),
    ...metrics.flatMap((metric) => speedPlot(results, metric) ?? []),
  ];
}

function meanPlot(results: Results, metric: MetricName): Plot {
  const values = results.codecs.flatMap(({ name, title }) =>
    meanCurve(results, name, metric).points.map(({ rate, value }) => ({ codec: title, rate, value })),
  );
  const clips = results.clips.length;
  return {
    name: `rd-${metric}`,
    spec: {
      ...frame(`${METRICS[metric].title}, mean of ${clips} clip${clips === 1 ? '' : 's'}`),
      width: 560,
      height: 380,
      data: { values },
      mark: { type: 'line', point: { size: 46 }, strokeWidth: 2 },
      encoding: { x: RATE_AXIS, y: metricAxis(metric), ...codecChannels(results) },
    },
  };
}

function clipsPlot(results: Results, metric: MetricName): Plot {
  const values = results.clips.flatMap(({ name: clip }) =>
    results.codecs.flatMap(({ name, title }) =>
      curveOf(results, clip, name, metric).map(({ rate, value }) => ({ clip, codec: title, rate, value })),
    ),
  );
  return {
    name: `clips-${metric}`,
    spec: {
      ...frame(`${METRICS[metric].title} by clip`),
      data: { values },
      facet: { field: 'clip', type: 'nominal', title: null, sort: results.clips.map(({ name }) => name) },
      columns: Math.min(3, results.clips.length),
      spec: {
        width: 240,
        height: 180,
        mark: { type: 'line', point: { size: 22 }, strokeWidth: 1.5 },
        encoding: { x: RATE_AXIS, y: metricAxis(metric), ...codecChannels(results) },
      },
      resolve: { scale: { x: 'independent', y: 'independent' } },
    },
  };
}

function speedPlot(results: Results, metric: MetricName): Plot | null {
  const anchor = results.codecs.find(({ name }) => name === defaultAnchor(results))!;
  const { rows } = bdTable(results, anchor.name, metric);
  const values = speedsOf(results).flatMap(({ codec, encode, decode }) => {
    const mean = codec === anchor.name ? { value: 0 } : rows.find((row) => row.codec === codec)!.summary.rate.mean;
    if ('reason' in mean) return [];
    const { title } = results.codecs.find(({ name }) => name === codec)!;
    return Object.entries({ encode, decode }).flatMap(([direction, speed]) =>
      'reason' in speed ? [] : [{ codec: title, direction, speed: speed.framesPerSecond, rate: mean.value }],
    );
  });
  if (values.length === 0) return null;
  return {
    name: `speed-${metric}`,
    spec: {
      ...frame(`Rate at equal ${METRICS[metric].title} against ${anchor.title}, and speed`),
      data: { values },
      facet: { column: { field: 'direction', type: 'nominal', title: null, sort: ['encode', 'decode'] } },
      spec: {
        width: 300,
        height: 280,
        mark: { type: 'point', filled: true, size: 110, opacity: 1 },
        encoding: {
          x: {
            field: 'speed',
            type: 'quantitative',
            title: 'frames per second',
            scale: { type: 'log', nice: false, padding: 20 },
            axis: { values: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000], format: '~g' },
          },
          y: { field: 'rate', type: 'quantitative', title: 'BD-rate, %', scale: { zero: false, padding: 16 } },
          ...codecChannels(results),
        },
      },
      resolve: { scale: { x: 'independent' } },
    },
  };
}

function metricAxis(metric: MetricName): object {
  const { title, unit, higherIsBetter } = METRICS[metric];
  const better = higherIsBetter ? '' : ', less is better';
  return {
    field: 'value',
    type: 'quantitative',
    title: `${title}${unit === '' ? '' : `, ${unit}`}${better}`,
    scale: { zero: false, padding: 12 },
  };
}

function codecChannels(results: Results): object {
  const domain = results.codecs.map(({ title }) => title);
  const styles = codecStyles(results.codecs.map(({ name }) => name));
  const shapes = {
    circle: 'circle',
    square: 'square',
    triangle: 'triangle-up',
    diamond: 'diamond',
    cross: 'cross',
    down: 'triangle-down',
  };
  const legend = { title: null, symbolStrokeWidth: 2 };
  return {
    color: { field: 'codec', type: 'nominal', scale: { domain, range: styles.map(({ light }) => light) }, legend },
    shape: {
      field: 'codec',
      type: 'nominal',
      scale: { domain, range: styles.map(({ marker }) => shapes[marker]) },
      legend,
    },
  };
}

/** The settings that all plots share. */
function frame(title: string): Pick<TopLevelSpec, '$schema' | 'background' | 'padding' | 'config'> & {
  title: { text: string; anchor: 'start'; offset: number };
} {
  const font = 'Liberation Sans, Helvetica, Arial, sans-serif';
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: '#ffffff',
    padding: 16,
    title: { text: title, anchor: 'start', offset: 12 },
    config: {
      font,
      title: { fontSize: 15, fontWeight: 600, color: '#1b1f24' },
      axis: {
        gridColor: '#e9ecef',
        domainColor: '#b6bcc4',
        tickColor: '#b6bcc4',
        labelColor: '#4a5058',
        titleColor: '#4a5058',
        titleFontWeight: 400,
        labelFontSize: 11,
        titleFontSize: 12,
      },
      legend: { labelFontSize: 12, labelColor: '#1b1f24' },
      header: { labelFontSize: 12, labelFontWeight: 600, labelColor: '#1b1f24' },
      view: { stroke: null },
    },
  };
}
