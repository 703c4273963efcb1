import type { PageCodec } from '../shared/page-data.js';
import type { Marker } from '../shared/palette.js';
import { h, svg } from './dom.js';

const dark = matchMedia('(prefers-color-scheme: dark)');

/** Calls back whenever the reader's colour scheme changes. */
export function onSchemeChange(listener: () => void): void {
  dark.addEventListener('change', listener);
}

/** Returns a codec's current colour on the page. */
export function colourOf({ style }: PageCodec): string {
  return dark.matches ? style.dark : style.light;
}

/** A colour or font of the style sheet. */
export function styleValue(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Corners of a marker around 0, 0 with a radius of 1; null: a circle. */
const SHAPES: Readonly<Record<Marker, readonly (readonly [number, number])[] | null>> = {
  circle: null,
  square: [
    [-0.85, -0.85],
    [0.85, -0.85],
    [0.85, 0.85],
    [-0.85, 0.85],
  ],
  triangle: [
    [0, -1.15],
    [1.05, 0.75],
    [-1.05, 0.75],
  ],
  down: [
    [0, 1.15],
    [-1.05, -0.75],
    [1.05, -0.75],
  ],
  diamond: [
    [0, -1.25],
    [1.25, 0],
    [0, 1.25],
    [-1.25, 0],
  ],
  cross: [
    [-0.4, -1.15],
    [0.4, -1.15],
    [0.4, -0.4],
    [1.15, -0.4],
    [1.15, 0.4],
    [0.4, 0.4],
    [0.4, 1.15],
    [-0.4, 1.15],
    [-0.4, 0.4],
    [-1.15, 0.4],
    [-1.15, -0.4],
    [-0.4, -0.4],
  ],
};

/** Adds a marker to the path of a canvas. */
export function traceMarker(
  path: CanvasRenderingContext2D,
  marker: Marker,
  x: number,
  y: number,
  radius: number,
): void {
  const corners = SHAPES[marker];
  if (corners === null) {
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  for (const [index, [dx, dy]] of corners.entries()) {
    if (index === 0) path.moveTo(x + dx * radius, y + dy * radius);
    else path.lineTo(x + dx * radius, y + dy * radius);
  }
  path.closePath();
}

/** A codec's line and marker, as charts draw them. */
export function swatch({ style }: PageCodec): SVGElement {
  const corners = SHAPES[style.marker];
  const shape =
    corners === null
      ? svg('circle', { cx: 13, cy: 6, r: 3.6 })
      : svg('polygon', { points: corners.map(([x, y]) => `${13 + 3.6 * x},${6 + 3.6 * y}`).join(' ') });
  const dash =
    style.dash.length === 0 ? {} : { 'stroke-dasharray': style.dash.map((length) => length * 0.7).join(' ') };
  const line = svg('line', { x1: 0, x2: 26, y1: 6, y2: 6, stroke: 'currentColor', 'stroke-width': 2, ...dash });
  const vars = `--light: ${style.light}; --dark: ${style.dark}`;
  return svg('svg', { class: 'swatch', viewBox: '0 0 26 12', style: vars, 'aria-hidden': 'true' }, line, shape);
}

/** A codec's name with its swatch. */
export function codecName(codec: PageCodec): HTMLElement {
  return h('span', { class: 'codec' }, swatch(codec), codec.title);
}
