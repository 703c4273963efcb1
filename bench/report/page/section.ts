import { h, type Child } from './dom.js';

/** A part of the page: its heading, a sentence that explains it, and its content. */
export function section(id: string, title: string, lead: Child, ...children: readonly Child[]): HTMLElement {
  return h(
    'section',
    { id, 'aria-labelledby': `${id}-title` },
    h('h2', { id: `${id}-title` }, title),
    h('p', { class: 'lead' }, lead),
    ...children,
  );
}

/** A part that opens on demand. */
export function details(summary: string, ...children: readonly Child[]): HTMLDetailsElement {
  return h('details', {}, h('summary', {}, summary), ...children);
}
