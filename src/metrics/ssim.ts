import { InputError } from '../errors.js';
import type { Frame } from '../video/frame.js';
import { requireSameSize } from './same-size.js';

/** Smallest side of a picture that has an SSIM. */
export const MIN_SSIM_SIDE = 8;

const CELL = 4;
const SAMPLES = 64;
/**
 * FFmpeg's constants for L = 255. The second is the paper's (0.03 L)^2, scaled as the variances are; the first is a 64th
 * of the paper's, as the product of two sums has the scale 64^2.
 */
const C1 = Math.round((0.01 * 255) ** 2 * SAMPLES);
const C2 = Math.round((0.03 * 255) ** 2 * SAMPLES * (SAMPLES - 1));
/** Sums per cell: a, b, a^2 + b^2, a b. */
const SUMS = 4;

/**
 * Structural similarity of the luma planes, at most 1 (identical), as FFmpeg's and x264's `ssim` define it: windows of
 * 8x8 samples without weights, one every 4 samples, with unbiased variances and a smaller
 * constant for luminance; mean over the windows. Columns and rows
 * beyond a multiple of 4 are left out. After Z. Wang et al., "Image quality assessment: from error visibility to
 * structural similarity", 2004, whose Gaussian window gives other values.
 *
 * @throws InputError if the sizes differ or a side is below 8 samples.
 */
export function computeSsim(reference: Frame, shown: Frame): number {
  requireSameSize(reference, shown);
  const { width, height } = reference;
  if (width < MIN_SSIM_SIDE || height < MIN_SSIM_SIDE) {
    throw new InputError(
      `SSIM needs pictures of at least ${MIN_SSIM_SIDE}x${MIN_SSIM_SIDE}, these are ${width}x${height}`,
    );
  }
  const columns = Math.floor(width / CELL);
  const rows = Math.floor(height / CELL);
  let above = new Int32Array(columns * SUMS);
  let below = new Int32Array(columns * SUMS);
  sumCells(reference.y, shown.y, width, 0, above);
  let sum = 0;
  for (let row = 1; row < rows; row++) {
    sumCells(reference.y, shown.y, width, row, below);
    for (let column = 1; column < columns; column++) sum += similarityAt(above, below, column);
    [above, below] = [below, above];
  }
  return sum / ((columns - 1) * (rows - 1));
}

/** Sums over each 4x4 cell of one row of cells. */
function sumCells(a: Uint8Array, b: Uint8Array, width: number, row: number, sums: Int32Array): void {
  for (let cell = 0; cell < sums.length / SUMS; cell++) {
    let [sumA, sumB, squares, products] = [0, 0, 0, 0];
    for (let y = 0; y < CELL; y++) {
      const start = (row * CELL + y) * width + cell * CELL;
      for (let at = start; at < start + CELL; at++) {
        const p = a[at]!;
        const q = b[at]!;
        sumA += p;
        sumB += q;
        squares += p * p + q * q;
        products += p * q;
      }
    }
    sums[cell * SUMS] = sumA;
    sums[cell * SUMS + 1] = sumB;
    sums[cell * SUMS + 2] = squares;
    sums[cell * SUMS + 3] = products;
  }
}

/** Equation 13 of the paper for the window of four cells whose right column is `column`. */
function similarityAt(above: Int32Array, below: Int32Array, column: number): number {
  const right = column * SUMS;
  const left = right - SUMS;
  const a = above[left]! + above[right]! + below[left]! + below[right]!;
  const b = above[left + 1]! + above[right + 1]! + below[left + 1]! + below[right + 1]!;
  const squares = above[left + 2]! + above[right + 2]! + below[left + 2]! + below[right + 2]!;
  const products = above[left + 3]! + above[right + 3]! + below[left + 3]! + below[right + 3]!;
  const variances = squares * SAMPLES - a * a - b * b;
  const covariance = products * SAMPLES - a * b;
  return ((2 * a * b + C1) * (2 * covariance + C2)) / ((a * a + b * b + C1) * (variances + C2));
}
