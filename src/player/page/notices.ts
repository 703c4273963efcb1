import type { Notice } from '../api.js';
import { byId, type TesseraVideo } from './dom.js';

/** Shows a sentence below the picture, in place of one of the same kind. */
export function addNotice(kind: string, text: string): void {
  const list = byId('notices');
  const line = list.querySelector(`[data-kind="${kind}"]`) ?? document.createElement('li');
  if (line.textContent === text) return;
  line.setAttribute('data-kind', kind);
  line.textContent = text;
  list.append(line);
}

/** Removes the sentence of a kind. */
export function removeNotice(kind: string): void {
  byId('notices').querySelector(`[data-kind="${kind}"]`)?.remove();
}

/** Shows what the element reports: errors on the picture, other things below it. */
export function connectNotices(video: TesseraVideo): void {
  video.addEventListener('notice', (event) => {
    const { kind, message } = (event as CustomEvent<Notice>).detail;
    // The choice of the filter has a sentence of its own about this.
    if (kind !== 'slow' || !video.stats.postFilterDropped) addNotice(kind, message);
  });
  const failure = byId('failure');
  video.addEventListener('error', () => {
    const { error } = video;
    if (error === null) return;
    const text = document.createElement('span');
    text.textContent = error.message;
    failure.replaceChildren(text);
    failure.hidden = false;
  });
  video.addEventListener('emptied', clear);
  video.addEventListener('loadstart', clear);
  function clear(): void {
    failure.hidden = true;
    failure.textContent = '';
    byId('notices').replaceChildren();
  }
}
