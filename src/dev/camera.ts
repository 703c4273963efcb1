import type { Frame } from '../video/frame.js';
import type { SeededRandom } from './random.js';

/** Share of a picture's width and height that the camera shows: the rest leaves room to move. */
const SHOWN = 0.75;

/** Where a camera over a flat picture looks. */
export interface View {
  /** Samples of the picture per sample shown. */
  readonly scale: number;
  /** How far the camera is turned, clockwise, in radians. */
  readonly angle: number;
  /** Centre, luma samples from the picture's, to the right and down. */
  readonly x: number;
  readonly y: number;
}

/** Where a camera looks at first, and how that changes from frame to frame. The scale changes by a factor. */
export interface Path extends View {
  readonly scaleRate: number;
  readonly angleRate: number;
  readonly xRate: number;
  readonly yRate: number;
}

/** Size of a picture, luma samples. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Size of the frames that {@link filmPicture} makes of a picture. */
export function filmedSize({ width, height }: Size): Size {
  return { width: 2 * Math.ceil((SHOWN * width) / 2), height: 2 * Math.ceil((SHOWN * height) / 2) };
}

/**
 * A clip of one picture: what a camera shows in each of the views, in frames of even `width` and `height`. So
 * photographs, of which there is more variety than of clips, give frames predicted from others. Samples beyond the
 * picture repeat its edge.
 */
export function* filmPicture(
  picture: Frame,
  views: Iterable<View>,
  { width, height }: Size,
): Generator<Frame, void, void> {
  for (const view of views) {
    const warp = (plane: Uint8Array, half: 1 | 2): Uint8Array =>
      warpPlane(plane, Math.ceil(picture.width / half), Math.ceil(picture.height / half), view, {
        width: width / half,
        height: height / half,
        half,
      });
    yield { ...picture, width, height, y: warp(picture.y, 1), u: warp(picture.u, 2), v: warp(picture.v, 2) };
  }
}

/** Draws a path over a picture: pan, tilt, zoom and turn at once. */
export function drawPath(picture: Size, random: SeededRandom): Path {
  const signed = (): number => random.below(2001) / 1000 - 1;
  // Cubed: most cameras move slowly.
  const slow = (most: number): number => most * signed() ** 3;
  const room = (1 - SHOWN) / 4;
  return {
    ...{ scale: 1 + 0.2 * signed(), scaleRate: slow(0.01), angle: 0.05 * signed(), angleRate: slow(0.006) },
    ...{ x: room * picture.width * signed(), xRate: slow(5), y: room * picture.height * signed(), yRate: slow(4) },
  };
}

/** The views of the first `frames` frames of a path. */
export function viewsOf(path: Path, frames: number): View[] {
  return Array.from({ length: frames }, (_, index) => ({
    scale: path.scale * (1 + path.scaleRate) ** index,
    angle: path.angle + path.angleRate * index,
    x: path.x + path.xRate * index,
    y: path.y + path.yRate * index,
  }));
}

function warpPlane(
  plane: Uint8Array,
  planeWidth: number,
  planeHeight: number,
  view: View,
  { width, height, half }: Size & { readonly half: 1 | 2 },
): Uint8Array {
  const [cos, sin] = [view.scale * Math.cos(view.angle), view.scale * Math.sin(view.angle)];
  const centreX = planeWidth / 2 + view.x / half;
  const centreY = planeHeight / 2 + view.y / half;
  const result = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const down = row + 0.5 - height / 2;
    for (let column = 0; column < width; column++) {
      const across = column + 0.5 - width / 2;
      const x = centreX + cos * across - sin * down - 0.5;
      const y = centreY + sin * across + cos * down - 0.5;
      result[row * width + column] = sample(plane, planeWidth, planeHeight, x, y);
    }
  }
  return result;
}

/** Cubic interpolation (Keys 1981, "Cubic convolution interpolation", a = -1/2) at a place between samples. */
function sample(plane: Uint8Array, width: number, height: number, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [across, down] = [cubic(x - left), cubic(y - top)];
  let sum = 0;
  for (let j = 0; j < 4; j++) {
    const row = Math.min(height - 1, Math.max(0, top - 1 + j)) * width;
    let line = 0;
    for (let i = 0; i < 4; i++) line += across[i]! * plane[row + Math.min(width - 1, Math.max(0, left - 1 + i))]!;
    sum += down[j]! * line;
  }
  return Math.min(255, Math.max(0, Math.round(sum)));
}

/** Weights of the four samples around a place `t` (0 to 1) behind the second one. */
function cubic(t: number): readonly [number, number, number, number] {
  return [
    ((2 - t) * t - 1) * t * 0.5,
    ((3 * t - 5) * t * t + 2) * 0.5,
    ((4 - 3 * t) * t + 1) * t * 0.5,
    (t - 1) * t * t * 0.5,
  ];
}
