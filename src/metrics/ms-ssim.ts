import { InputError } from '../errors.js';
import type { Frame } from '../video/frame.js';
import { compareStructure, WINDOW, type Plane } from './gaussian-ssim.js';
import { requireSameSize } from './same-size.js';

/** Exponents of the five scales, finest first (table 1 of the paper). */
const WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/** Smallest side of a picture that has an MS-SSIM: the window must fit into the fifth scale. */
export const MIN_MS_SSIM_SIDE = (WINDOW - 1) * 2 ** (WEIGHTS.length - 1) + 1;

/**
 * Multi-scale structural similarity of the luma planes, 0..1 (identical): Z. Wang, E. P. Simoncelli, A. C. Bovik,
 * "Multi-scale structural similarity for image quality assessment", 2003. Contrast and structure at five scales,
 * luminance at the coarsest; scales below 0 count as 0. Values are those of PyPI's `pytorch-msssim` with a data range
 * of 255: scales are made by 2x2 means, and an odd side is first padded by a line of zeros on both ends.
 *
 * @throws InputError if the sizes differ or a side is below 161 samples.
 */
export function computeMsSsim(reference: Frame, shown: Frame): number {
  requireSameSize(reference, shown);
  const { width, height } = reference;
  if (Math.min(width, height) < MIN_MS_SSIM_SIDE) {
    throw new InputError(
      `MS-SSIM needs pictures of at least ${MIN_MS_SSIM_SIDE}x${MIN_MS_SSIM_SIDE}, these are ${width}x${height}`,
    );
  }
  let [a, b]: [Plane, Plane] = [
    { width, height, data: reference.y },
    { width, height, data: shown.y },
  ];
  let product = 1;
  for (const [scale, weight] of WEIGHTS.entries()) {
    const { similarity, contrast } = compareStructure(a, b);
    const isCoarsest = scale === WEIGHTS.length - 1;
    product *= Math.max(isCoarsest ? similarity : contrast, 0) ** weight;
    if (!isCoarsest) [a, b] = [halve(a), halve(b)];
  }
  return product;
}

/** Means of 2x2 samples; what lies outside of an odd side counts as zero. */
function halve({ width, height, data }: Plane): Plane {
  const [left, top] = [width % 2, height % 2];
  const columns = (width + left) / 2;
  const rows = (height + top) / 2;
  const result = new Float32Array(columns * rows);
  const sample = (x: number, y: number): number => (x < 0 || y < 0 ? 0 : data[y * width + x]!);
  for (let row = 0; row < rows; row++) {
    const y = 2 * row - top;
    for (let column = 0; column < columns; column++) {
      const x = 2 * column - left;
      result[row * columns + column] = (sample(x, y) + sample(x + 1, y) + sample(x, y + 1) + sample(x + 1, y + 1)) / 4;
    }
  }
  return { width: columns, height: rows, data: result };
}
