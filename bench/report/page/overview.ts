import type { BdRow } from '../../analysis/types.js';
import type { PageData, PageMetric } from '../shared/page-data.js';
import { h } from './dom.js';
import { codecName, swatch } from './marks.js';
import { bdText, intervalText } from './numbers.js';
import { section } from './section.js';
import type { Store } from './store.js';
import { dataTable } from './table.js';

/** Rate at equal quality: one line per codec, and all metrics in one table. */
export function overview(data: PageData, store: Store): HTMLElement {
  const lead = h('span');
  const forest = h('div', { class: 'forest', role: 'list' });
  const matrix = h('div');
  store.draw(() => {
    const metric = data.metrics[store.view.metric]!;
    const anchor = data.codecs[store.view.anchor]!;
    lead.replaceChildren(
      `Bits that a codec needs more or fewer than ${anchor.title} for the same ${metric.title}: BD-rate by PCHIP, mean ` +
        `over clips with its 95 % bootstrap interval. Further left is better.`,
    );
    drawForest(forest, data, store, metric);
    matrix.replaceChildren(metricTable(data, store));
  });
  return section('overview', 'Rate at equal quality', lead, h('div', { class: 'overview' }, forest, matrix));
}

function drawForest(forest: HTMLElement, data: PageData, store: Store, metric: PageMetric): void {
  const { view } = store;
  const table = data.bdTables[view.anchor]![view.metric]!;
  const rows = data.codecs.map((codec, index) => ({
    codec,
    index,
    row: table.rows.find((one) => one.codec === codec.name),
  }));
  const values = table.rows.flatMap(({ summary: { rate } }) => [
    ...('value' in rate.mean ? [rate.mean.value] : []),
    ...('low' in rate.interval ? [rate.interval.low, rate.interval.high] : []),
  ]);
  const [low, high] = [Math.min(-10, ...values), Math.max(10, ...values)];
  const room = (high - low) * 0.06;
  const place = (value: number): string => `${((value - low + room) / (high - low + 2 * room)) * 100}%`;
  forest.replaceChildren(
    ...rows
      .filter(({ index }) => !view.hidden.has(index))
      .map(({ codec, row }) =>
        h(
          'div',
          { class: 'forest-row', role: 'listitem' },
          codecName(codec),
          row === undefined
            ? track(place, null, swatch(codec), null)
            : track(place, meanOf(row), swatch(codec), intervalOf(row)),
          row === undefined
            ? h('span', { class: 'forest-number anchor' }, 'anchor')
            : h('span', { class: 'forest-number' }, numberOf(row, metric)),
        ),
      ),
  );
}

function meanOf({ summary }: BdRow): number | null {
  return 'value' in summary.rate.mean ? summary.rate.mean.value : null;
}

function intervalOf({ summary }: BdRow): { low: number; high: number } | null {
  return 'low' in summary.rate.interval ? summary.rate.interval : null;
}

function numberOf({ summary }: BdRow, metric: PageMetric): string {
  const text = bdText(summary.rate.mean, 'rate', metric);
  return text === 'N/A' ? text : `${text} %`;
}

function track(
  place: (value: number) => string,
  mean: number | null,
  mark: SVGElement,
  interval: { low: number; high: number } | null,
): HTMLElement {
  const line = h('div', { class: 'track' }, h('i', { class: 'zero', style: `left: ${place(0)}` }));
  const colours = mark.getAttribute('style') ?? '';
  if (interval !== null) {
    const [left, right] = [place(interval.low), place(interval.high)];
    line.append(h('i', { class: 'whisker', style: `${colours}; left: ${left}; width: calc(${right} - ${left})` }));
  }
  if (mean !== null) line.append(h('i', { class: 'dot', style: `${colours}; left: ${place(mean)}` }));
  return line;
}

function metricTable(data: PageData, store: Store): HTMLElement {
  const { anchor, hidden, metric: chosen } = store.view;
  const tables = data.bdTables[anchor]!;
  const rows = data.codecs
    .filter((_, index) => index !== anchor && !hidden.has(index))
    .map((codec) => [
      codecName(codec),
      ...tables.map((table, index) => {
        const { rate } = table.rows.find((row) => row.codec === codec.name)!.summary;
        const metric = data.metrics[index]!;
        const clips = data.clips.length;
        const some = rate.count > 0 && rate.count < clips ? h('sup', {}, `${rate.count}/${clips}`) : null;
        return {
          content: h('span', {}, bdText(rate.mean, 'rate', metric), some),
          class: index === chosen ? 'chosen' : '',
          title: `95 % interval ${intervalText(rate, 'rate', metric)}`,
        };
      }),
    ]);
  const caption = `Mean BD-rate in percent against ${data.codecs[anchor]!.title}, by metric`;
  const notes =
    rows.length === 0 ? [] : [h('p', { class: 'note' }, `${caption}. 3/4: only that number of clips has a figure.`)];
  return h(
    'div',
    {},
    dataTable({ caption, head: ['By metric, %', ...data.metrics.map(({ title }) => title)], rows }),
    ...notes,
  );
}
