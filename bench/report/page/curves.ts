import type { PageData, PageMetric } from '../shared/page-data.js';
import { bitsPerPixel } from '../shared/format.js';
import type { ChartSeries } from './chart-series.js';
import { drawChart, type ChartOptions } from './chart.js';
import { replaceControls, segments, select } from './controls.js';
import { countOf, h } from './dom.js';
import { codecName } from './marks.js';
import { metricNumber, metricText, metricTitle, pointLines, settingText } from './numbers.js';
import { details, section } from './section.js';
import type { Store } from './store.js';
import { dataTable } from './table.js';

/** Rate-distortion curves: the mean or one clip large, all clips small. */
export function curves(data: PageData, store: Store): HTMLElement {
  let clip: number | null = data.clips.length > 1 ? null : 0;
  let hasLogX = true;
  const large = h('div', { class: 'chart', id: 'curve-chart' });
  const title = h('h3');
  const notes = h('div', { class: 'note' });
  const points = h('div');
  const choices = [
    ...(data.clips.length > 1 ? [{ value: null, text: `Mean of ${data.clips.length} clips` }] : []),
    ...data.clips.map(({ name }, value) => ({ value, text: name })),
  ];
  const picker = h('div', { class: 'picker' });
  const small = data.clips.length < 2 ? [] : data.clips.map((_, index) => smallChart(index));
  const draw = (): void => {
    const metric = data.metrics[store.view.metric]!;
    const name = clip === null ? `mean of ${data.clips.length} clips` : data.clips[clip]!.name;
    title.textContent = `${metric.title}, ${name}`;
    drawChart(large, seriesOf(data, store, clip, metric), {
      ...chartOptions(metric, name, hasLogX),
      height: large.clientWidth < 500 ? 300 : 440,
    });
    notes.replaceChildren(...leftOutNotes(data, store, clip));
    points.replaceChildren(pointTable(data, store, clip));
  };
  const choose = (to: number | null): void => {
    clip = to;
    replaceControls(picker, select('Clip', choices, clip, choose));
    draw();
  };

  function smallChart(index: number): HTMLElement {
    const { name } = data.clips[index]!;
    const host = h('div', { class: 'chart' });
    const show = (): void => {
      choose(index);
      large.scrollIntoView({ block: 'center', behavior: 'smooth' });
    };
    const button = h('button', { type: 'button', class: 'small-title', onclick: show }, name);
    const figure = h('figure', { class: 'small' }, button, host);
    queueMicrotask(() =>
      store.draw(() => {
        const metric = data.metrics[store.view.metric]!;
        const options = {
          ...chartOptions(metric, name, hasLogX),
          height: host.clientWidth < 200 ? 150 : 190,
          isCompact: true,
        };
        drawChart(host, seriesOf(data, store, index, metric), options);
      }),
    );
    return figure;
  }

  const scale = segments(
    'Rate axis',
    [
      { value: true, text: 'Log' },
      { value: false, text: 'Linear' },
    ],
    hasLogX,
    (value) => {
      hasLogX = value;
      store.redraw();
    },
  );
  picker.append(select('Clip', choices, clip, choose));
  // Charts need to be in the page before they know their width.
  queueMicrotask(() => store.draw(draw));
  return section(
    'curves',
    'Quality by rate',
    'Every point is a coded clip. Point at one for its values; the bar above chooses metric and codecs.',
    h('div', { class: 'controls' }, picker, h('div', { class: 'labelled' }, h('span', {}, 'Rate axis'), scale)),
    h('figure', { class: 'large' }, title, large, notes),
    ...(small.length === 0 ? [] : [h('h3', {}, 'By clip'), h('div', { class: 'grid' }, ...small)]),
    details('All points of the large chart as a table', points),
  );
}

function chartOptions(metric: PageMetric, name: string, hasLogX: boolean): Omit<ChartOptions, 'height'> {
  const label = `${metric.title} by bits per pixel, ${name}`;
  return { label, xTitle: 'bits per pixel', yTitle: metricTitle(metric), hasLogX };
}

/** Curves of the codecs that are switched on. */
function seriesOf(data: PageData, store: Store, clip: number | null, metric: PageMetric): ChartSeries[] {
  const { hidden, metric: metricAt } = store.view;
  return data.codecs.flatMap((codec, codecAt): ChartSeries[] => {
    if (hidden.has(codecAt)) return [];
    if (clip === null) {
      const points = data.meanCurves[codecAt]![metricAt]!.points.map(({ setting, rate, value }) => ({
        x: rate,
        y: value,
        lines: [
          `${settingText(codec, setting)}, mean of ${countOf(data.clips.length, 'clip')}`,
          `${bitsPerPixel(rate)} bits per pixel`,
          `${metric.title} ${metricText(value, metric)}`,
        ],
      }));
      return [{ codec, points }];
    }
    const points = data.points.flatMap((point) => {
      const value = point.clip === clip && point.codec === codecAt ? point.values[metricAt]?.mean : undefined;
      if (value === undefined) return [];
      return [{ x: point.bitsPerPixel, y: value, lines: pointLines(codec, point, metric, value) }];
    });
    return [{ codec, points: points.sort((a, b) => a.x - b.x) }];
  });
}

function leftOutNotes(data: PageData, store: Store, clip: number | null): HTMLElement[] {
  if (clip !== null) return [];
  return data.codecs.flatMap((codec, codecAt) => {
    const { leftOut } = data.meanCurves[codecAt]![store.view.metric]!;
    if (leftOut.length === 0 || store.view.hidden.has(codecAt)) return [];
    return [
      h(
        'p',
        {},
        `${codec.title}: left out of the mean, so that all points are means of the same clips: ${leftOut.join('; ')}.`,
      ),
    ];
  });
}

function pointTable(data: PageData, store: Store, clip: number | null): HTMLElement {
  const rows = data.codecs.flatMap((codec, codecAt) => {
    if (store.view.hidden.has(codecAt)) return [];
    const mean = data.meanCurves[codecAt]!;
    const found =
      clip === null
        ? (mean[0]?.points ?? []).map(({ setting, rate }) => ({
            setting,
            rate,
            values: mean.map((curve) => curve.points.find((one) => one.setting === setting)?.value ?? null),
          }))
        : data.points
            .filter((point) => point.clip === clip && point.codec === codecAt)
            .map(({ setting, bitsPerPixel: rate, values }) => ({
              setting,
              rate,
              values: values.map((value) => value?.mean ?? null),
            }));
    return found
      .toSorted((a, b) => a.rate - b.rate)
      .map(({ setting, rate, values }) => [
        codecName(codec),
        settingText(codec, setting),
        bitsPerPixel(rate),
        ...values.map((value, index) => (value === null ? 'N/A' : metricNumber(value, data.metrics[index]!))),
      ]);
  });
  const head = ['Codec', 'Setting', 'Bits per pixel', ...data.metrics.map(({ title }) => title)];
  return dataTable({ caption: 'Points of the chart', head, rows, textColumns: [1] });
}
