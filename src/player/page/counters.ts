import { byId, type TesseraVideo } from './dom.js';

const SHOW_MS = 250;

/** Connects the counters. */
export function connectCounters(video: TesseraVideo): void {
  let timer = 0;
  const show = (): void => {
    timer = 0;
    const { framesShown, framesDropped, damagedFrames, avDriftMs } = video.stats;
    write('shown', framesShown);
    write('dropped', framesDropped);
    write('damaged', damagedFrames);
    byId('drift').textContent = `${Math.round(avDriftMs)} ms`;
    byId('damaged').parentElement!.classList.toggle('is-bad', damagedFrames > 0);
  };
  const showLater = (): void => {
    if (timer === 0) timer = window.setTimeout(show, SHOW_MS);
  };
  for (const event of ['frame', 'timeupdate', 'emptied', 'notice', 'ended']) video.addEventListener(event, showLater);
}

function write(id: string, count: number): void {
  byId(id).textContent = count.toLocaleString('en');
}
