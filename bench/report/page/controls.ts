import { h } from './dom.js';

/** Something that can be chosen. */
export interface Choice<Value> {
  readonly value: Value;
  readonly text: string;
}

/** A labelled drop-down list. */
export function select<Value>(
  label: string,
  choices: readonly Choice<Value>[],
  chosen: Value,
  choose: (value: Value) => void,
): HTMLLabelElement {
  const list = h('select', {
    onchange: () => {
      const choice = choices[list.selectedIndex];
      if (choice !== undefined) choose(choice.value);
    },
  });
  for (const { value, text } of choices) list.append(h('option', { selected: value === chosen }, text));
  return h('label', { class: 'select' }, h('span', {}, label), list);
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
