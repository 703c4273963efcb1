import type { PageData } from '../shared/page-data.js';
import { select } from './controls.js';
import { h } from './dom.js';
import { codecName } from './marks.js';
import type { Store } from './store.js';

/** The toolbar that stays visible: the metric, the anchor and the codecs to draw. */
export function toolbar(data: PageData, store: Store): HTMLElement {
  const chips = h('div', { class: 'chips', role: 'group', 'aria-label': 'Codecs that are shown' });
  for (const [index, codec] of data.codecs.entries()) {
    const chip = h('button', { type: 'button', class: 'chip' }, codecName(codec));
    chip.addEventListener('click', () => {
      const hidden = new Set(store.view.hidden);
      if (!hidden.delete(index)) hidden.add(index);
      store.set({ hidden });
    });
    store.draw(() => chip.setAttribute('aria-pressed', store.view.hidden.has(index) ? 'false' : 'true'));
    chips.append(chip);
  }
  const named = (items: readonly { readonly title: string }[]): { value: number; text: string }[] =>
    items.map(({ title }, value) => ({ value, text: title }));
  return h(
    'div',
    { class: 'toolbar' },
    h(
      'div',
      { class: 'toolbar-inside' },
      h(
        'div',
        { class: 'selects' },
        select('Measure', named(data.metrics), store.view.metric, (metric) => store.set({ metric })),
        select('Anchor', named(data.codecs), store.view.anchor, (anchor) => store.set({ anchor })),
      ),
      chips,
    ),
  );
}
