import type { BdKind, BdRow } from '../../analysis/types.js';
import type { PageData, PageMetric } from '../shared/page-data.js';
import { replaceControls, segments } from './controls.js';
import { h } from './dom.js';
import { codecName } from './marks.js';
import { bdText, intervalText, isBetter } from './numbers.js';
import { section } from './section.js';
import type { Store } from './store.js';
import { dataTable, type Cell } from './table.js';

/** BD figures of every clip. */
export function bdByClip(data: PageData, store: Store): HTMLElement {
  let kind: BdKind = 'rate';
  const table = h('div', { id: 'bd-table' });
  const notes = h('ul', { class: 'note' });
  const lead = h('span');
  const controls = h('div', { class: 'controls' });
  const draw = (): void => {
    const metric = data.metrics[store.view.metric]!;
    const anchor = data.codecs[store.view.anchor]!;
    replaceControls(
      controls,
      segments('Figure', kindChoices(metric), kind, (chosen) => {
        kind = chosen;
        draw();
      }),
    );
    lead.textContent =
      kind === 'quality'
        ? `${metric.title}${metric.unit === '' ? '' : ` (${metric.unit})`} more or less than ${anchor.title} at the same rate, on average over the rates that both reach; better is bold.`
        : `Rate in percent against ${anchor.title} at the same ${metric.title}, on average over the qualities that both reach; below 0 is better (bold).`;
    const rows = data.bdTables[store.view.anchor]![store.view.metric]!.rows.filter(
      ({ codec }) => !store.view.hidden.has(data.codecs.findIndex(({ name }) => name === codec)),
    );
    table.replaceChildren(clipTable(data, rows, kind, metric, anchor.title));
    notes.replaceChildren(...reasons(data, rows, kind).map((line) => h('li', {}, line)));
    notes.hidden = notes.children.length === 0;
  };
  store.draw(draw);
  return section('bd', 'Clip by clip', lead, controls, table, notes);
}

function kindChoices({ title }: PageMetric): { value: BdKind; text: string }[] {
  return [
    { value: 'rate', text: 'BD-rate PCHIP' },
    { value: 'rateAkima', text: 'BD-rate Akima' },
    { value: 'quality', text: `BD-${title}` },
  ];
}

function clipTable(
  data: PageData,
  rows: readonly BdRow[],
  kind: BdKind,
  metric: PageMetric,
  anchor: string,
): HTMLElement {
  const summaries: readonly (readonly [string, (row: BdRow) => Cell])[] = [
    ['Mean', ({ summary }) => bdText(summary[kind].mean, kind, metric)],
    ['95 % interval', ({ summary }) => intervalText(summary[kind], kind, metric)],
    ['Median', ({ summary }) => bdText(summary[kind].median, kind, metric)],
    ['Clips counted', ({ summary }) => `${summary[kind].count} of ${data.clips.length}`],
  ];
  return dataTable({
    caption: `${kindChoices(metric).find(({ value }) => value === kind)!.text} against ${anchor}`,
    head: ['Clip', ...rows.map(({ codec }) => codecName(data.codecs.find(({ name }) => name === codec)!))],
    rows: [
      ...summaries.map(([name, cell]) => [
        { content: name, class: 'total' },
        ...rows.map((row): Cell => ({ content: cell(row) as string, class: 'total' })),
      ]),
      ...data.clips.map(({ name }, index) => [
        name,
        ...rows.map((row): Cell => {
          const { overlap, [kind]: figure } = row.clips[index]!;
          if ('reason' in figure) return { content: 'N/A', class: 'none', title: figure.reason };
          const look = isBetter(figure.value, kind, metric) ? 'better' : '';
          const share = overlap === null ? '' : `the curves share ${(overlap * 100).toFixed(0)} % of their qualities`;
          return { content: bdText(figure, kind, metric), class: look, title: share };
        }),
      ]),
    ],
  });
}

/** Why figures are missing: one line per codec and reason. */
function reasons(data: PageData, rows: readonly BdRow[], kind: BdKind): string[] {
  return rows.flatMap((row) => {
    const clips = new Map<string, string[]>();
    for (const [index, { [kind]: figure }] of row.clips.entries()) {
      if ('reason' in figure) clips.set(figure.reason, [...(clips.get(figure.reason) ?? []), data.clips[index]!.name]);
    }
    const { title } = data.codecs.find(({ name }) => name === row.codec)!;
    return [...clips].map(
      ([reason, names]) => `${title}, N/A and left out of the mean on ${names.join(', ')}: ${reason}.`,
    );
  });
}
