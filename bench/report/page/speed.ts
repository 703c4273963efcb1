import type { CodecSpeed, Speed } from '../../analysis/types.js';
import { megabytes, threeDigits } from '../shared/format.js';
import type { PageData } from '../shared/page-data.js';
import type { ChartSeries } from './chart-series.js';
import { drawChart } from './chart.js';
import { h } from './dom.js';
import { codecName } from './marks.js';
import { bdText } from './numbers.js';
import { section } from './section.js';
import type { Store } from './store.js';
import { dataTable, type Cell } from './table.js';

type Direction = 'encode' | 'decode';

/** Speed against rate, and cost. */
export function speed(data: PageData, store: Store): HTMLElement {
  const reasons = [
    ...new Set(
      data.speeds.flatMap(({ encode, decode }) =>
        [encode, decode].flatMap((one) => ('reason' in one ? [one.reason] : [])),
      ),
    ),
  ];
  const isTimed = data.speeds.some(({ encode, decode }) => !('reason' in encode) || !('reason' in decode));
  if (!isTimed) return section('speed', 'Speed and memory', `This run has no times: ${reasons.join('; ')}.`);
  const table = h('div');
  store.draw(() => table.replaceChildren(costTable(data, store)));
  const lead =
    'Frames per second of one job at a time over all settings, with the start of the codec; the bar spans the slowest and the fastest setting. Higher up needs more bits, further right is faster.';
  const absent = h('p', { class: 'note' });
  store.draw(() => {
    const names = absentOf(data, store);
    absent.hidden = names.length === 0;
    absent.textContent = `Not in the charts, because no clip has a BD-rate: ${names.join(', ')}.`;
  });
  const note = reasons.length === 0 ? null : h('p', { class: 'note' }, `N/A: ${reasons.join('; ')}.`);
  const plots = h('div', { class: 'pair' }, plot(data, store, 'encode'), plot(data, store, 'decode'), absent);
  return section('speed', 'Speed and memory', lead, plots, table, note);
}

/** Codecs that are switched on and timed, but cannot be placed. */
function absentOf(data: PageData, store: Store): string[] {
  const { anchor, metric, hidden } = store.view;
  const rows = data.bdTables[anchor]![metric]!.rows;
  return data.codecs.flatMap(({ name, title }, index) => {
    const mean = rows.find(({ codec }) => codec === name)?.summary.rate.mean;
    return mean !== undefined && 'reason' in mean && !hidden.has(index) ? [title] : [];
  });
}

function plot(data: PageData, store: Store, direction: Direction): HTMLElement {
  const host = h('div', { class: 'chart', id: `${direction}-chart` });
  queueMicrotask(() =>
    store.draw(() => {
      const anchor = data.codecs[store.view.anchor]!;
      const metric = data.metrics[store.view.metric]!;
      drawChart(host, seriesOf(data, store, direction), {
        label: `BD-rate by ${metric.title} against ${anchor.title}, by frames per second (${direction})`,
        xTitle: 'frames per second',
        yTitle: `BD-rate by ${metric.title}, %`,
        hasLogX: true,
        hasLines: false,
        hasLabels: true,
        hasZeroLine: true,
        height: 330,
      });
    }),
  );
  return h('figure', { class: 'large' }, h('h3', {}, direction === 'encode' ? 'Encoding' : 'Decoding'), host);
}

function seriesOf(data: PageData, store: Store, direction: Direction): ChartSeries[] {
  const { anchor, metric, hidden } = store.view;
  const table = data.bdTables[anchor]![metric]!;
  return data.codecs.flatMap((codec, index): ChartSeries[] => {
    const one = data.speeds[index]![direction];
    const mean =
      index === anchor ? { value: 0 } : table.rows.find((row) => row.codec === codec.name)!.summary.rate.mean;
    if (hidden.has(index) || 'reason' in one || 'reason' in mean) return [];
    const lines = [
      `${threeDigits(one.framesPerSecond)} frames per second`,
      `${threeDigits(one.slowest)} to ${threeDigits(one.fastest)} by setting`,
      `BD-rate ${bdText(mean, 'rate', data.metrics[metric]!)} %`,
    ];
    return [{ codec, points: [{ x: one.framesPerSecond, y: mean.value, span: [one.slowest, one.fastest], lines }] }];
  });
}

function costTable(data: PageData, store: Store): HTMLElement {
  const cells = ({ encode, decode }: CodecSpeed, write: (speed: Speed) => string): Cell[] =>
    [encode, decode].map((one) =>
      'reason' in one ? { content: 'N/A', class: 'none', title: one.reason } : { content: write(one) },
    );
  const rows = data.codecs.flatMap((codec, index) => {
    if (store.view.hidden.has(index)) return [];
    const one = data.speeds[index]!;
    return [
      [
        codecName(codec),
        ...cells(one, ({ framesPerSecond }) => threeDigits(framesPerSecond)),
        ...cells(one, ({ cpuSecondsPerFrame }) => threeDigits(cpuSecondsPerFrame * 1000)),
        ...cells(one, ({ peakBytes }) => megabytes(peakBytes)),
      ],
    ];
  });
  const head = [
    ...['Codec', 'Encode, frames/s', 'Decode, frames/s', 'Encode, CPU ms/frame', 'Decode, CPU ms/frame'],
    ...['Encode, peak memory', 'Decode, peak memory'],
  ];
  return dataTable({ caption: 'Speed, processor time and memory by codec', head, rows });
}
