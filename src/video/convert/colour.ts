import type { ColourDescription, Frame } from '../frame.js';
import { chromaSize } from '../planar-buffer.js';

/**
 * The colour description of pictures from image files: BT.709 primaries and matrix, sRGB transfer, limited range,
 * centred chroma.
 */
export const pictureColour: ColourDescription = {
  primaries: 1,
  transfer: 13,
  matrix: 1,
  fullRange: false,
  chromaLocation: 2,
};

/** The weights of red and blue in luma, for each H.273 `MatrixCoefficients` with such weights. */
const lumaWeights: Readonly<Record<number, readonly [red: number, blue: number]>> = {
  1: [0.2126, 0.0722],
  4: [0.3, 0.11],
  5: [0.299, 0.114],
  6: [0.299, 0.114],
  7: [0.212, 0.087],
  9: [0.2627, 0.0593],
  10: [0.2627, 0.0593],
};

/**
 * Returns the weights of red and blue in luma of an H.273 `MatrixCoefficients`. For unspecified codes it returns the weights that players assume: BT.709 from
 * 720 lines on, else BT.601.
 */
export function weightsOf(matrix: number, height: number): readonly [red: number, blue: number] {
  return lumaWeights[matrix] ?? (height >= 720 ? [0.2126, 0.0722] : [0.299, 0.114]);
}

/**
 * Converts 8-bit RGB (`width * height * 3` bytes, rows top down) to 4:2:0 as {@link pictureColour} says; chroma is the
 * mean of each 2x2 block (at odd edges, of its existing samples).
 */
export function rgbToFrame(rgb: Uint8Array, width: number, height: number, pts: bigint, duration: bigint): Frame {
  if (rgb.length !== width * height * 3)
    throw new RangeError(`expected ${width * height * 3} bytes, got ${rgb.length}`);
  const [red, blue] = weightsOf(pictureColour.matrix, height);
  const columns = chromaSize(width);
  const rows = chromaSize(height);
  const y = new Uint8Array(width * height);
  const sums = new Float64Array(columns * rows * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      const r = rgb[at * 3] ?? 0;
      const g = rgb[at * 3 + 1] ?? 0;
      const b = rgb[at * 3 + 2] ?? 0;
      const luma = red * r + (1 - red - blue) * g + blue * b;
      y[at] = Math.round(16 + (luma * 219) / 255);
      const cell = ((row >> 1) * columns + (column >> 1)) * 3;
      sums[cell] = (sums[cell] ?? 0) + (b - luma);
      sums[cell + 1] = (sums[cell + 1] ?? 0) + (r - luma);
      sums[cell + 2] = (sums[cell + 2] ?? 0) + 1;
    }
  }
  const u = new Uint8Array(columns * rows);
  const v = new Uint8Array(columns * rows);
  for (let cell = 0; cell < u.length; cell++) {
    const count = (sums[cell * 3 + 2] ?? 1) * 255;
    u[cell] = Math.round(128 + ((sums[cell * 3] ?? 0) / count) * (112 / (1 - blue)));
    v[cell] = Math.round(128 + ((sums[cell * 3 + 1] ?? 0) / count) * (112 / (1 - red)));
  }
  return { width, height, y, u, v, pts, duration };
}

/**
 * Converts a frame to 8-bit RGB, `width * height * 3` bytes, rows top down. Chroma is interpolated bilinearly from the
 * position in `colour.chromaLocation` (left or centred; unspecified means left, as in MPEG-2 and later).
 */
export function frameToRgb(frame: Frame, colour: ColourDescription): Uint8Array {
  const { width, height } = frame;
  const [red, blue] = weightsOf(colour.matrix, height);
  const green = 1 - red - blue;
  const lumaScale = colour.fullRange ? 1 : 255 / 219;
  const chromaScale = colour.fullRange ? 255 / 127.5 : 255 / 112;
  const black = colour.fullRange ? 0 : 16;
  const u = upsample(frame.u, width, height, colour.chromaLocation);
  const v = upsample(frame.v, width, height, colour.chromaLocation);
  const rgb = new Uint8ClampedArray(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const luma = ((frame.y[at] ?? 0) - black) * lumaScale;
    const b = luma + ((u[at] ?? 0) - 128) * (1 - blue) * chromaScale;
    const r = luma + ((v[at] ?? 0) - 128) * (1 - red) * chromaScale;
    rgb[at * 3] = r;
    rgb[at * 3 + 1] = (luma - red * r - blue * b) / green;
    rgb[at * 3 + 2] = b;
  }
  return new Uint8Array(rgb.buffer);
}

const centred: ReadonlySet<number> = new Set([2, 4, 6]);

/** A chroma plane at luma size. */
function upsample(plane: Uint8Array, width: number, height: number, location: number): Float32Array {
  const columns = chromaSize(width);
  const rows = chromaSize(height);
  const horizontal = centred.has(location) ? 0.25 : 0;
  const result = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    const [top, bottom, down] = neighbours(row / 2 - 0.25, rows);
    for (let column = 0; column < width; column++) {
      const [left, right, across] = neighbours(column / 2 - horizontal, columns);
      const above = mix(plane[top * columns + left] ?? 0, plane[top * columns + right] ?? 0, across);
      const below = mix(plane[bottom * columns + left] ?? 0, plane[bottom * columns + right] ?? 0, across);
      result[row * width + column] = mix(above, below, down);
    }
  }
  return result;
}

function neighbours(position: number, size: number): readonly [first: number, second: number, weight: number] {
  const clipped = Math.min(Math.max(position, 0), size - 1);
  const first = Math.floor(clipped);
  return [first, Math.min(first + 1, size - 1), clipped - first];
}

function mix(a: number, b: number, weight: number): number {
  return a + (b - a) * weight;
}
