import { byId } from './dom.js';

/** What keys do. */
export interface KeyAction {
  /** As `KeyboardEvent.key`, lower case. */
  readonly keys: readonly string[];
  /** As the list of keys names them; default: the keys themselves. */
  readonly shown?: readonly string[];
  readonly text: string;
  /** Gets the key that was pressed. */
  readonly run: (key: string) => void;
}

/** Runs the actions of keys, and shows their list. Keys that the focused control uses itself stay with it. */
export function connectKeys(actions: readonly KeyAction[]): void {
  const dialog = byId('keys', HTMLDialogElement);
  const open = (): void => dialog.showModal();
  const all = [...actions, { keys: ['?'], text: 'This list', run: open }];
  byId('help').addEventListener('click', open);
  byId('key-list').append(
    ...all.map(({ keys, shown = keys, text }) => {
      const [row, what, which] = [createElement('div'), createElement('dd'), createElement('dt')];
      what.textContent = text;
      for (const key of shown) {
        const cap = createElement('kbd');
        cap.textContent = key;
        which.append(cap, ' ');
      }
      row.append(which, what);
      return row;
    }),
  );
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || dialog.open) return;
    if (belongsToControl(event)) return;
    const key = event.key.toLowerCase();
    const action = all.find(({ keys }) => keys.includes(key));
    if (action === undefined) return;
    event.preventDefault();
    action.run(key);
  });
}

function belongsToControl({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const isPress = key === ' ' || key === 'Enter';
  const isMove = key.startsWith('Arrow') || key.startsWith('Page') || key === 'Home' || key === 'End';
  if (target instanceof HTMLButtonElement) return isPress;
  if (target instanceof HTMLSelectElement) return true;
  // The keys of the page move the position better than those of a range input.
  if (target instanceof HTMLInputElement) return target.id === 'seek' ? false : isPress || isMove;
  return target.getAttribute('role') === 'slider' && isMove;
}

function createElement(name: string): HTMLElement {
  return document.createElement(name);
}
