import { byId, setIcon } from './dom.js';

/** The controls disappear this long after the last movement. */
const IDLE_MS = 2500;

/** Connects the full-screen button; returns what it does. */
export function connectFullScreen(): () => void {
  const [player, button] = [byId('player'), byId('full', HTMLButtonElement)];
  const toggle = (): void => {
    const change = document.fullscreenElement === null ? player.requestFullscreen() : document.exitFullscreen();
    change.catch(() => undefined);
  };
  button.hidden = !document.fullscreenEnabled;
  button.addEventListener('click', toggle);
  byId('video').addEventListener('dblclick', toggle);
  document.addEventListener('fullscreenchange', () => {
    const isFull = document.fullscreenElement !== null;
    setIcon(button, isFull ? 'small' : 'full');
    button.setAttribute('aria-label', isFull ? 'Leave full screen' : 'Full screen');
    wake();
  });

  let timer = 0;
  const wake = (): void => {
    player.classList.remove('is-idle');
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      // Who uses the controls by keyboard still sees them.
      const isInUse = byId('controls').querySelector(':focus-visible') !== null;
      if (document.fullscreenElement !== null && !isInUse) player.classList.add('is-idle');
    }, IDLE_MS);
  };
  for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin']) player.addEventListener(event, wake);
  return toggle;
}
