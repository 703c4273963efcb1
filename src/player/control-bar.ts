import type { TesseraVideoElement } from './element.js';

const SEEK_SECONDS = 5;

/** Paths of the icons, in a box of 24x24; not text, because not every machine has the characters. */
const ICONS = {
  play: 'M8 5v14l11-7z',
  pause: 'M6 5h4v14H6zM14 5h4v14h-4z',
  loud: 'M3 9v6h4l5 5V4L7 9zM16 8a5 5 0 0 1 0 8z',
  silent: 'M3 9v6h4l5 5V4L7 9zM15 9l6 6-1 1-6-6zM20 8l1 1-6 6-1-1z',
  full: 'M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z',
} as const;
const SVG = 'http://www.w3.org/2000/svg';

/** The bar of controls that the attribute `controls` shows. */
export class ControlBar {
  readonly element = document.createElement('div');
  readonly #video: TesseraVideoElement;
  readonly #play = button('play');
  readonly #mute = button('mute');
  readonly #full = button('full screen');
  readonly #time = slider('time', 'time');
  readonly #volume = slider('volume', 'volume');
  readonly #label = document.createElement('output');

  constructor(video: TesseraVideoElement) {
    this.#video = video;
    this.element.className = 'bar';
    this.element.part.add('controls');
    this.element.hidden = true;
    setButton(this.#full, 'full', 'full screen');
    this.#volume.max = '1';
    this.element.append(this.#play, this.#time, this.#label, this.#mute, this.#volume, this.#full);
    this.#play.onclick = () => this.#toggle();
    this.#mute.onclick = () => (video.muted = !video.muted);
    this.#time.oninput = () => (video.currentTime = this.#time.valueAsNumber);
    this.#volume.oninput = () => {
      video.volume = this.#volume.valueAsNumber;
      video.muted = false;
    };
    this.#full.onclick = () =>
      void (document.fullscreenElement === video ? document.exitFullscreen() : video.requestFullscreen());
    for (const name of ['play', 'pause', 'timeupdate', 'seeking', 'durationchange', 'volumechange', 'emptied']) {
      video.addEventListener(name, () => this.#update());
    }
    video.addEventListener('click', (event) => {
      if (this.isShown && !event.composedPath().includes(this.element)) this.#toggle();
    });
    video.addEventListener('keydown', (event) => {
      if (this.isShown) this.#onKey(event);
    });
    this.#update();
  }

  get isShown(): boolean {
    return !this.element.hidden;
  }

  set isShown(isShown: boolean) {
    this.element.hidden = !isShown;
  }

  #toggle(): void {
    if (this.#video.paused) this.#video.play().catch(() => undefined);
    else this.#video.pause();
  }

  #onKey(event: KeyboardEvent): void {
    // Buttons and sliders have their own keys.
    const target = event.composedPath()[0];
    if (event.defaultPrevented || target instanceof HTMLButtonElement || target instanceof HTMLInputElement) return;
    const video = this.#video;
    switch (event.key) {
      case ' ':
        this.#toggle();
        break;
      case 'ArrowLeft':
        video.currentTime -= SEEK_SECONDS;
        break;
      case 'ArrowRight':
        video.currentTime += SEEK_SECONDS;
        break;
      case 'm':
        video.muted = !video.muted;
        break;
      case ',':
        void video.stepFrame(-1);
        break;
      case '.':
        void video.stepFrame(1);
        break;
      default:
        return;
    }
    event.preventDefault();
  }

  #update(): void {
    const { paused, muted, volume, currentTime, duration } = this.#video;
    setButton(this.#play, paused ? 'play' : 'pause', paused ? 'play' : 'pause');
    setButton(this.#mute, muted ? 'silent' : 'loud', muted ? 'sound on' : 'mute');
    const isKnown = Number.isFinite(duration);
    this.#time.disabled = !isKnown;
    this.#time.max = String(isKnown ? duration : 0);
    this.#time.valueAsNumber = currentTime;
    this.#volume.valueAsNumber = muted ? 0 : volume;
    this.#label.value = isKnown ? `${clock(currentTime)} / ${clock(duration)}` : clock(currentTime);
    this.#time.setAttribute('aria-valuetext', this.#label.value);
  }
}

function button(label: string): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.setAttribute('aria-label', label);
  return made;
}

function setButton(target: HTMLButtonElement, name: keyof typeof ICONS, label: string): void {
  if (target.dataset['icon'] === name) return;
  target.dataset['icon'] = name;
  const icon = document.createElementNS(SVG, 'svg');
  icon.setAttribute('viewBox', '0 0 24 24');
  icon.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', ICONS[name]);
  icon.append(path);
  target.replaceChildren(icon);
  target.setAttribute('aria-label', label);
}

function slider(label: string, className: string): HTMLInputElement {
  const made = document.createElement('input');
  made.type = 'range';
  made.min = '0';
  made.step = 'any';
  made.className = className;
  made.setAttribute('aria-label', label);
  return made;
}

/** Returns a time as `1:02` or `1:02:03`. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
