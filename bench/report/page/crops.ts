import { h } from './dom.js';
import type { Place } from './stage.js';

/** CSS pixels of a crop: as many as the style sheet gives it. */
export function cropSize(): number {
  const isNarrow = matchMedia('(max-width: 560px)').matches;
  return isNarrow ? (document.documentElement.clientWidth - 42) / 2 : 168;
}

/** One enlarged part. */
export interface Crop {
  readonly address: string;
  readonly title: Node | string;
  /** Lines below the title. */
  readonly lines: readonly string[];
}

/** The same part of several pictures, enlarged without smoothing. */
export function cropRow(
  crops: readonly Crop[],
  size: { readonly width: number; readonly height: number },
  middle: Place,
  zoom: number,
): HTMLElement[] {
  const [left, top] = [middle.x, middle.y].map(
    (share, at) => share * [size.width, size.height][at]! * zoom - cropSize() / 2,
  );
  return crops.map(({ address, title, lines }) => {
    const view = h('div', {
      class: 'crop-view',
      role: 'img',
      'aria-label': `${typeof title === 'string' ? title : (title.textContent ?? '')}, enlarged`,
    });
    Object.assign(view.style, {
      backgroundImage: `url("${address}")`,
      backgroundSize: `${size.width * zoom}px ${size.height * zoom}px`,
      backgroundPosition: `${-left!}px ${-top!}px`,
    });
    return h(
      'figure',
      { class: 'crop' },
      view,
      h('figcaption', {}, title, ...lines.map((line) => h('small', {}, line))),
    );
  });
}

/** The middle of an enlarged part that stays inside its picture, and its size as shares of the picture. */
export function fitLens(
  wanted: Place,
  size: { readonly width: number; readonly height: number },
  zoom: number,
): { readonly middle: Place; readonly share: { readonly width: number; readonly height: number } } {
  const share = {
    width: Math.min(1, cropSize() / zoom / size.width),
    height: Math.min(1, cropSize() / zoom / size.height),
  };
  const inside = (at: number, part: number): number => Math.min(1 - part / 2, Math.max(part / 2, at));
  return { middle: { x: inside(wanted.x, share.width), y: inside(wanted.y, share.height) }, share };
}
