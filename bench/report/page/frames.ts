import { bitsPerPixel } from '../shared/format.js';
import type { PageData, PagePoint, PageValues } from '../shared/page-data.js';
import type { ChartSeries } from './chart-series.js';
import { drawChart } from './chart.js';
import { replaceControls, select } from './controls.js';
import { h } from './dom.js';
import { codecName } from './marks.js';
import { metricNumber, metricText, metricTitle, settingText } from './numbers.js';
import { section } from './section.js';
import type { Store } from './store.js';
import { dataTable, type Cell } from './table.js';

/** From frame to frame: how steady quality is, and how bad the worst frames are. */
export function frames(data: PageData, store: Store): HTMLElement {
  // A clip whose jobs all failed has nothing to show first.
  let clip = data.points[0]?.clip ?? 0;
  let rate = middleRate(data, clip);
  const controls = h('div', { class: 'controls' });
  const host = h('div', { class: 'chart', id: 'frame-chart' });
  const title = h('h3');
  const table = h('div');
  const drawControls = (): void => {
    const rates = ratesOf(data, clip).map((value) => ({ value, text: `${bitsPerPixel(value)} bits per pixel` }));
    replaceControls(
      controls,
      select(
        'Clip',
        data.clips.map(({ name }, value) => ({ value, text: name })),
        clip,
        (chosen) => {
          clip = chosen;
          rate = middleRate(data, clip);
          drawControls();
          draw();
        },
      ),
      select('Rate near', rates, rate, (chosen) => {
        rate = chosen;
        draw();
      }),
    );
  };
  const draw = (): void => {
    const metric = data.metrics[store.view.metric]!;
    const points = nearestPoints(data, store, clip, rate);
    title.textContent = `${metric.title} of every frame, ${data.clips[clip]!.name}`;
    drawChart(host, seriesOf(data, store, points, clip), {
      label: `${metric.title} by frame, ${data.clips[clip]!.name}`,
      xTitle: points.some(({ values }) => hasGaps(values[store.view.metric], data.clips[clip]!.frames))
        ? 'frames that have a value'
        : 'frame',
      yTitle: metricTitle(metric),
      hasLogX: false,
      hasMarkers: false,
      height: host.clientWidth < 500 ? 240 : 300,
    });
    table.replaceChildren(spreadTable(data, points, store.view.metric));
  };
  drawControls();
  queueMicrotask(() => store.draw(draw));
  return section(
    'frames',
    'From frame to frame',
    'Every codec at its setting whose rate is nearest to the chosen one. Temporal metrics compare the changes from one frame to the next with those of the original: they tell flicker from noise that stands still.',
    controls,
    h('figure', { class: 'large' }, title, host),
    table,
  );
}

function ratesOf(data: PageData, clip: number): number[] {
  const points = data.points.filter((point) => point.clip === clip);
  const codec = points[0]?.codec;
  return points
    .filter((point) => point.codec === codec)
    .map((point) => point.bitsPerPixel)
    .sort((a, b) => a - b);
}

function middleRate(data: PageData, clip: number): number {
  const rates = ratesOf(data, clip);
  return rates[Math.floor((rates.length - 1) / 2)] ?? 0;
}

function nearestPoints(data: PageData, store: Store, clip: number, rate: number): PagePoint[] {
  const distance = (point: PagePoint): number => Math.abs(Math.log(point.bitsPerPixel / rate));
  return data.codecs.flatMap((_, codec) => {
    if (store.view.hidden.has(codec)) return [];
    const points = data.points.filter((point) => point.clip === clip && point.codec === codec);
    return points.toSorted((a, b) => distance(a) - distance(b)).slice(0, 1);
  });
}

function seriesOf(data: PageData, store: Store, points: readonly PagePoint[], clip: number): ChartSeries[] {
  const metric = data.metrics[store.view.metric]!;
  return points.flatMap((point): ChartSeries[] => {
    const codec = data.codecs[point.codec]!;
    const values = point.values[store.view.metric];
    if (values === null || values === undefined) return [];
    const { frames } = data.clips[clip]!;
    // The first frame has no change. Where more frames have no value (flicker), values are only counted.
    const [word, first] = hasGaps(values, frames) ? ['Value', 1] : ['Frame', frames - values.perFrame.length];
    const drawn = values.perFrame.map((value, index) => ({
      x: index + first,
      y: value,
      lines: [
        `${word} ${index + first}`,
        settingText(codec, point.setting),
        `${metric.title} ${metricText(value, metric)}`,
      ],
    }));
    return [{ codec, points: drawn }];
  });
}

/** Whether values are missing of more than the first frame. */
function hasGaps(values: PageValues | null | undefined, frames: number): boolean {
  return values !== null && values !== undefined && values.perFrame.length < frames - 1;
}

function spreadTable(data: PageData, points: readonly PagePoint[], metricAt: number): HTMLElement {
  const metric = data.metrics[metricAt]!;
  const temporal = data.metrics.flatMap((one, index) =>
    (one.name.startsWith('steady') || one.name === 'flicker') && index !== metricAt ? [index] : [],
  );
  const number = (values: PageValues | null | undefined, key: 'mean' | 'p5' | 'worst', at: number): Cell =>
    values === null || values === undefined ? 'N/A' : metricNumber(values[key], data.metrics[at]!);
  const rows = points.map((point) => {
    const codec = data.codecs[point.codec]!;
    const values = point.values[metricAt];
    return [
      codecName(codec),
      settingText(codec, point.setting),
      bitsPerPixel(point.bitsPerPixel),
      number(values, 'mean', metricAt),
      number(values, 'p5', metricAt),
      number(values, 'worst', metricAt),
      ...temporal.map((at) => number(point.values[at], 'mean', at)),
    ];
  });
  const head = [
    ...['Codec', 'Setting', 'Bits per pixel', `${metric.title}, mean`, '5th percentile', 'Worst frame'],
    ...temporal.map((at) => data.metrics[at]!.title),
  ];
  return dataTable({ caption: `${metric.title} over the frames of the clip`, head, rows, textColumns: [1] });
}
