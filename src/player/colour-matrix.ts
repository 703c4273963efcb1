import type { StreamHeader } from '../bitstream/stream-header.js';
import { weightsOf } from '../video/convert/colour.js';

/** Numbers that turn a sample of YUV, 0..1, into RGB: `rgb = matrix * (yuv + offset)`; the matrix is row-major. */
export interface ColourMatrix {
  readonly offset: readonly [number, number, number];
  readonly matrix: readonly number[];
}

/** Returns the colour matrix of a stream's pictures. */
export function colourMatrixOf({ colour, height }: Pick<StreamHeader, 'colour' | 'height'>): ColourMatrix {
  const [red, blue] = weightsOf(colour.matrix, height);
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
