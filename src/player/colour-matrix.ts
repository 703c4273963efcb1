import type { StreamHeader } from '../bitstream/stream-header.js';

/** Numbers that turn a sample of YUV, 0..1, into RGB: `rgb = matrix * (yuv + offset)`; the matrix is row-major. */
export interface ColourMatrix {
  readonly offset: readonly [number, number, number];
  readonly matrix: readonly number[];
}

/** Weights of red and blue in luma, by MatrixCoefficients of ITU-T H.273. */
const WEIGHTS: Readonly<Record<number, readonly [number, number]>> = {
  1: [0.2126, 0.0722],
  4: [0.3, 0.11],
  5: [0.299, 0.114],
  6: [0.299, 0.114],
  7: [0.212, 0.087],
  9: [0.2627, 0.0593],
  10: [0.2627, 0.0593],
};
const UNSPECIFIED_HD = 1;
const UNSPECIFIED_SD = 6;
/** Videos of this height or more without a named matrix use that of HD. */
const HD_HEIGHT = 720;

/** Returns the colour matrix of a stream's pictures. */
export function colourMatrixOf({ colour, height }: Pick<StreamHeader, 'colour' | 'height'>): ColourMatrix {
  const usual = height >= HD_HEIGHT ? UNSPECIFIED_HD : UNSPECIFIED_SD;
  const [red, blue] = WEIGHTS[colour.matrix] ?? WEIGHTS[usual]!;
  const green = 1 - red - blue;
  const luma = colour.fullRange ? 1 : 255 / 219;
  const chroma = colour.fullRange ? 1 : 255 / 224;
  const v = 2 * (1 - red) * chroma;
  const u = 2 * (1 - blue) * chroma;
  return {
    offset: [colour.fullRange ? 0 : -16 / 255, -128 / 255, -128 / 255],
    matrix: [luma, 0, v, luma, (-u * blue) / green, (-v * red) / green, luma, u, 0],
  };
}
