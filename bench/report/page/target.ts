import { bitsPerPixel } from '../shared/format.js';
import type { PageData } from '../shared/page-data.js';
import { h } from './dom.js';
import { codecName } from './marks.js';
import { metricNumber } from './numbers.js';
import { section } from './section.js';
import type { Store } from './store.js';
import { dataTable, type Cell } from './table.js';

/** All figures at one rate, with published figures; null if the run has no target rate. */
export function target(data: PageData, store: Store): HTMLElement | null {
  if (data.target === null) return null;
  const { bitsPerPixel: rate, rows, published } = data.target;
  const host = h('div');
  const clips = data.clips.length;
  store.draw(() => {
    const measured = rows.flatMap(({ codec, values }, index): Cell[][] => {
      if (store.view.hidden.has(index)) return [];
      const cells = data.metrics.map((metric): Cell => {
        const { figure, count } = values[metric.name]!;
        if ('reason' in figure) return { content: 'N/A', class: 'none', title: figure.reason };
        const some = count < clips ? h('sup', {}, `${count}/${clips}`) : null;
        return { content: h('span', {}, metricNumber(figure.value, metric), some) };
      });
      return [[codecName(data.codecs.find(({ name }) => name === codec)!), 'measured here', ...cells]];
    });
    const others = published.map(({ title, source, bitsPerPixel: at, metrics }): Cell[] => [
      { content: title, class: 'foreign' },
      { content: `published on other clips, at ${bitsPerPixel(at)}: ${source}`, class: 'foreign' },
      ...data.metrics.map((metric): Cell => {
        const value = metrics[metric.name];
        return { content: value === undefined ? '' : metricNumber(value, metric), class: 'foreign' };
      }),
    ]);
    const head = ['Codec', 'Where from', ...data.metrics.map(({ title }) => title)];
    const caption = `Metrics at ${bitsPerPixel(rate)} bits per pixel`;
    host.replaceChildren(dataTable({ caption, head, rows: [...measured, ...others], textColumns: [1] }));
  });
  const reasons = rows.flatMap(({ codec, values }) => {
    const first = Object.values(values)[0]?.figure;
    if (first === undefined || !('reason' in first)) return [];
    return [h('li', {}, `${data.codecs.find(({ name }) => name === codec)!.title}, N/A: ${first.reason}.`)];
  });
  return section(
    'target',
    `At ${bitsPerPixel(rate)} bits per pixel`,
    'Interpolated on each curve of each clip (PCHIP over log rate), then the mean of the clips whose curve reaches the rate (3/4: of that number). Published figures come from other clips and other conditions: they are here for orientation and no measurement of this run.',
    host,
    reasons.length === 0 ? null : h('ul', { class: 'note' }, ...reasons),
  );
}
