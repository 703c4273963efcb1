import { h, minus, type Child } from './dom.js';

/** A cell: text, or an element; with a class if it is to look otherwise. */
export type Cell = Child | { readonly content: Child; readonly class?: string; readonly title?: string };

/** The content of a table. */
export interface TableContent {
  /** The accessible name of the table. */
  readonly caption: string;
  readonly head: readonly Child[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly Cell[])[];
  /** Columns, from 0, whose cells are text and aligned to the left. */
  readonly textColumns?: readonly number[];
}

/** A table whose first column stays in sight when the rest is scrolled. */
export function dataTable({ caption, head, rows, textColumns = [] }: TableContent): HTMLElement {
  const isText = (column: number): boolean => column === 0 || textColumns.includes(column);
  const table = h('table', {}, h('caption', { class: 'unseen' }, caption));
  const headRow = h('tr');
  for (const [column, cell] of head.entries()) {
    headRow.append(h('th', { scope: 'col', class: isText(column) ? 'text' : 'number' }, cell));
  }
  table.append(h('thead', {}, headRow));
  const body = h('tbody');
  for (const row of rows) {
    const line = h('tr');
    for (const [column, cell] of row.entries()) {
      const kind = isText(column) ? 'text' : 'number';
      const { content, class: look = '', title = '' } = isPlain(cell) ? { content: cell } : cell;
      const attributes = { class: `${kind} ${look}`.trim(), ...(title === '' ? {} : { title }) };
      const shown = typeof content === 'string' ? minus(content) : content;
      line.append(column === 0 ? h('th', { scope: 'row', ...attributes }, shown) : h('td', attributes, shown));
    }
    body.append(line);
  }
  table.append(body);
  return h('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': caption }, table);
}

function isPlain(cell: Cell): cell is Child {
  return cell === null || typeof cell === 'string' || cell instanceof Node;
}
