import type { PlayerControls } from '../api.js';

/** `<tessera-video>` as the page uses it. */
export interface TesseraVideo extends HTMLElement, PlayerControls {
  src: string;
  readonly textTracks: TextTrackList;
}

/** Returns an element of the page; its class is for the compiler. */
export function byId<E extends HTMLElement = HTMLElement>(id: string, _class?: new () => E): E {
  return document.getElementById(id) as E;
}

/** Shows another icon in a button. */
export function setIcon(button: HTMLElement, name: string): void {
  button.querySelector('use')!.setAttribute('href', `#icon-${name}`);
}

/** Fills a range input up to its value, which browsers do not do. */
export function fillRange(range: HTMLInputElement): void {
  const [min, max] = [Number(range.min), Number(range.max)];
  const share = max > min ? (range.valueAsNumber - min) / (max - min) : 0;
  range.style.setProperty('--fill', `${(100 * share).toFixed(2)}%`);
}

let toastTimer = 0;

/** Says something shortly, on the picture and to screen readers. */
export function say(text: string): void {
  const toast = byId('toast');
  toast.textContent = text;
  toast.classList.add('is-new');
  clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => toast.classList.remove('is-new'), 1400);
}
