import { h } from './dom.js';

/** Something that can be chosen. */
export interface Choice<Value> {
  readonly value: Value;
  readonly text: string;
}

/** Lists made so far: each needs a name of its own for its label. */
let lists = 0;

/** A labelled drop-down list. */
export function select<Value>(
  label: string,
  choices: readonly Choice<Value>[],
  chosen: Value,
  choose: (value: Value) => void,
): HTMLElement {
  const id = `list-${++lists}`;
  const list = h('select', {
    id,
    onchange: () => {
      const choice = choices[list.selectedIndex];
      if (choice !== undefined) choose(choice.value);
    },
  });
  for (const { value, text } of choices) list.append(h('option', { selected: value === chosen }, text));
  return h('span', { class: 'select' }, h('label', { for: id }, label), list);
}

/** Buttons of which one is pressed. */
export function segments<Value>(
  label: string,
  choices: readonly Choice<Value>[],
  chosen: Value,
  choose: (value: Value) => void,
): HTMLElement {
  const group = h('div', { class: 'segments', role: 'group', 'aria-label': label });
  for (const { value, text } of choices) {
    const button = h('button', { type: 'button', 'aria-pressed': value === chosen ? 'true' : 'false' }, text);
    button.addEventListener('click', () => {
      for (const other of group.children) other.setAttribute('aria-pressed', other === button ? 'true' : 'false');
      choose(value);
    });
    group.append(button);
  }
  return group;
}

/** Replaces the controls in an element. The keyboard focus stays at the same control. */
export function replaceControls(place: HTMLElement, ...controls: readonly HTMLElement[]): void {
  const all = (): HTMLElement[] => [...place.querySelectorAll<HTMLElement>('select, button')];
  const at = all().findIndex((control) => control === document.activeElement);
  place.replaceChildren(...controls);
  if (at >= 0) all()[at]?.focus();
}
