import { h } from './dom.js';

/** A place in a picture, both 0..1. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The content of the stage. */
export interface StageContent {
  readonly left: { readonly address: string; readonly text: string };
  readonly right: { readonly address: string; readonly text: string };
  readonly width: number;
  readonly height: number;
}

/** Percent that one key moves the divider; with Shift. */
const STEP = 1;
const LONG_STEP = 10;

/**
 * Two pictures on top of each other with a divider that is dragged or moved by keys, and a frame around what is shown
 * enlarged, which goes where the picture is pressed.
 */
export class Stage {
  readonly element: HTMLElement;
  readonly #left = h('img', { alt: '', draggable: 'false' });
  readonly #right = h('img', { alt: '', draggable: 'false', class: 'right' });
  readonly #leftText = h('span', { class: 'tag left-tag' });
  readonly #rightText = h('span', { class: 'tag right-tag' });
  readonly #divider: HTMLElement;
  readonly #lens: HTMLButtonElement;
  readonly #pictures: HTMLElement;
  readonly #onLens: (place: Place) => void;
  #share = 50;
  #lensSize = { width: 0.2, height: 0.2 };
  #lensPlace: Place = { x: 0.5, y: 0.5 };

  /** @param onLens told where the middle of the enlarged part is to be. */
  constructor(onLens: (place: Place) => void) {
    this.#onLens = onLens;
    this.#divider = h(
      'div',
      {
        class: 'divider',
        role: 'slider',
        tabindex: 0,
        'aria-label': 'Divider between the two pictures',
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-orientation': 'horizontal',
      },
      h('i', { class: 'grip' }),
    );
    this.#lens = h('button', { type: 'button', class: 'lens', 'aria-label': 'Enlarged part; arrow keys move it' });
    this.#pictures = h(
      'div',
      { class: 'stage' },
      this.#left,
      this.#right,
      this.#lens,
      this.#divider,
      this.#leftText,
      this.#rightText,
    );
    this.element = this.#pictures;
    this.#divider.addEventListener('keydown', (event) => this.#moveByKey(event));
    this.#lens.addEventListener('keydown', (event) => this.#moveLensByKey(event));
    dragging(this.#divider, (event) => this.#moveTo(this.#placeOf(event).x * 100));
    dragging(this.#pictures, (event) => this.#onLens(this.#placeOf(event)));
    this.#moveTo(this.#share);
  }

  show({ left, right, width, height }: StageContent): void {
    this.#pictures.style.aspectRatio = `${width} / ${height}`;
    this.#left.src = left.address;
    this.#right.src = right.address;
    this.#left.alt = left.text;
    this.#right.alt = right.text;
    this.#leftText.textContent = left.text;
    this.#rightText.textContent = right.text;
  }

  /** @param size of the enlarged part, as shares of the picture. */
  showLens(place: Place, size: { readonly width: number; readonly height: number }): void {
    this.#lensPlace = place;
    this.#lensSize = size;
    Object.assign(this.#lens.style, {
      left: `${(place.x - size.width / 2) * 100}%`,
      top: `${(place.y - size.height / 2) * 100}%`,
      width: `${size.width * 100}%`,
      height: `${size.height * 100}%`,
    });
  }

  #placeOf(event: PointerEvent): Place {
    const { left, top, width, height } = this.#pictures.getBoundingClientRect();
    return { x: clamp((event.clientX - left) / width), y: clamp((event.clientY - top) / height) };
  }

  #moveTo(share: number): void {
    this.#share = Math.min(100, Math.max(0, share));
    this.#pictures.style.setProperty('--share', `${this.#share}%`);
    this.#divider.setAttribute('aria-valuenow', this.#share.toFixed(0));
    this.#divider.setAttribute('aria-valuetext', `left picture ${this.#share.toFixed(0)} %`);
  }

  #moveByKey(event: KeyboardEvent): void {
    const step = event.shiftKey ? LONG_STEP : STEP;
    const targets: Record<string, number> = {
      ArrowLeft: this.#share - step,
      ArrowRight: this.#share + step,
      PageDown: this.#share - LONG_STEP,
      PageUp: this.#share + LONG_STEP,
      Home: 0,
      End: 100,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#moveTo(target);
  }

  #moveLensByKey(event: KeyboardEvent): void {
    const steps: Record<string, readonly [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const share = event.shiftKey ? 0.5 : 0.1;
    this.#onLens({
      x: clamp(this.#lensPlace.x + step[0] * share * this.#lensSize.width),
      y: clamp(this.#lensPlace.y + step[1] * share * this.#lensSize.height),
    });
  }
}

/** Calls back for every position from the press to the release. */
function dragging(element: HTMLElement, move: (event: PointerEvent) => void): void {
  element.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    element.setPointerCapture(event.pointerId);
    move(event);
  });
  element.addEventListener('pointermove', (event) => {
    if (element.hasPointerCapture(event.pointerId)) move(event);
  });
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
