import { byId, say, type TesseraVideo } from './dom.js';
import { addNotice, removeNotice } from './notices.js';

const CHOICES = ['none', 'lpips', 'compare'] as const;
type Choice = (typeof CHOICES)[number];

const SPOKEN: Readonly<Record<Choice, string>> = {
  none: 'No filter',
  lpips: 'Filter lpips',
  compare: 'Left without filter, right with it',
};

/** What keys do with the filter. */
export interface Filter {
  /** Takes the next choice. */
  next(): void;
}

/** Connects the choice of the filter, and the border between both pictures. */
export function connectFilter(video: TesseraVideo): Filter {
  const radios = [...document.querySelectorAll<HTMLInputElement>('#filter input')];
  let share = 0.5;
  const current = (): Choice => (video.split === null ? video.postFilter : 'compare');
  const show = (): void => {
    const choice = current();
    for (const radio of radios) radio.checked = radio.value === choice;
    byId('compare').hidden = choice !== 'compare';
    if (video.stats.postFilterDropped) {
      addNotice('filter', 'This machine cannot keep up with the filter: it is off. Choose it again to try once more.');
    } else removeNotice('filter');
  };
  const choose = (choice: Choice): void => {
    // Setting it again tries a filter again that was dropped.
    video.postFilter = choice === 'none' ? 'none' : 'lpips';
    video.split = choice === 'compare' ? share : null;
    show();
    say(SPOKEN[choice]);
  };
  for (const radio of radios) radio.addEventListener('click', () => choose(radio.value as Choice));
  video.addEventListener('postfilterchange', show);
  video.addEventListener('loadedmetadata', show);
  connectDivider((to) => {
    share = to;
    video.split = to;
  });
  show();
  return { next: () => choose(CHOICES[(CHOICES.indexOf(current()) + 1) % CHOICES.length]!) };
}

function connectDivider(setShare: (share: number) => void): void {
  const [divider, picture] = [byId('divider'), byId('video')];
  let percent = 50;
  const move = (to: number): void => {
    percent = Math.min(100, Math.max(0, Math.round(to)));
    byId('compare').style.setProperty('--share', `${percent}%`);
    divider.setAttribute('aria-valuenow', String(percent));
    divider.setAttribute('aria-valuetext', `${percent} % without filter`);
    setShare(percent / 100);
  };
  const follow = (event: PointerEvent): void => {
    const { left, width } = picture.getBoundingClientRect();
    move((100 * (event.clientX - left)) / width);
  };
  divider.addEventListener('pointerdown', (event) => {
    divider.setPointerCapture(event.pointerId);
    divider.addEventListener('pointermove', follow);
  });
  for (const end of ['pointerup', 'pointercancel']) {
    divider.addEventListener(end, () => divider.removeEventListener('pointermove', follow));
  }
  divider.addEventListener('keydown', (event) => {
    const step = event.shiftKey ? 10 : 1;
    const to = { ArrowLeft: percent - step, ArrowRight: percent + step, Home: 0, End: 100 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  });
  divider.setAttribute('aria-valuenow', '50');
  divider.setAttribute('aria-valuetext', '50 % without filter');
}
