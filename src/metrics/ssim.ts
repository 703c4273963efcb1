import { InputError } from '../errors.js';
import type { Frame } from '../video/frame.js';
import { requireSameSize } from './same-size.js';

const TAPS = 11;
const SIGMA = 1.5;
/** Constants of the paper for 8 bits: (K1 L)^2 and (K2 L)^2 with K1 = 0.01, K2 = 0.03, L = 255. */
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
/** Moments per sample: a, b, a^2 + b^2, a b. */
const MOMENTS = 4;

const window = gaussian();

/**
 * Structural similarity of the luma planes, at most 1 (identical): Z. Wang et al., "Image quality assessment: from error
 * visibility to structural similarity", 2004. Gaussian window of 11x11 with sigma 1.5, only where it lies inside the
 * picture, no down-scaling; mean over the picture.
 *
 * @throws InputError if the sizes differ or a side is below 11 samples.
 */
export function computeSsim(reference: Frame, shown: Frame): number {
  requireSameSize(reference, shown);
  const { width, height } = reference;
  if (width < TAPS || height < TAPS) {
    throw new InputError(`SSIM needs pictures of at least ${TAPS}x${TAPS}, these are ${width}x${height}`);
  }
  const columns = width - TAPS + 1;
  const rows = height - TAPS + 1;

  // The window is separable. Rows are filtered once, kept as long as the window covers them, then filtered vertically.
  const ring = Array.from({ length: TAPS }, () => new Float64Array(columns * MOMENTS));
  const moments = new Float64Array(columns * MOMENTS);
  const source = new Float64Array(width * MOMENTS);
  let sum = 0;
  for (let row = 0; row < height; row++) {
    loadMoments(reference.y, shown.y, row * width, width, source);
    filterRow(source, ring[row % TAPS]!);
    if (row < TAPS - 1) continue;
    moments.fill(0);
    for (let tap = 0; tap < TAPS; tap++) {
      const weight = window[tap]!;
      const line = ring[(row + 1 + tap) % TAPS]!;
      for (let at = 0; at < moments.length; at++) moments[at]! += weight * line[at]!;
    }
    sum += sumSimilarity(moments);
  }
  return sum / (rows * columns);
}

function gaussian(): Float64Array {
  const taps = Float64Array.from({ length: TAPS }, (_, tap) =>
    Math.exp(-((tap - (TAPS - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

/** Interleaved moments of one row. */
function loadMoments(a: Uint8Array, b: Uint8Array, start: number, width: number, moments: Float64Array): void {
  for (let column = 0; column < width; column++) {
    const x = a[start + column]!;
    const y = b[start + column]!;
    const at = column * MOMENTS;
    moments[at] = x;
    moments[at + 1] = y;
    moments[at + 2] = x * x + y * y;
    moments[at + 3] = x * y;
  }
}

function filterRow(source: Float64Array, target: Float64Array): void {
  for (let at = 0; at < target.length; at++) {
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap++) sum += window[tap]! * source[at + tap * MOMENTS]!;
    target[at] = sum;
  }
}

/** Sum over a row of the paper's equation 13. */
function sumSimilarity(moments: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < moments.length; at += MOMENTS) {
    const meanA = moments[at]!;
    const meanB = moments[at + 1]!;
    const product = meanA * meanB;
    const squares = meanA * meanA + meanB * meanB;
    const variances = moments[at + 2]! - squares;
    const covariance = moments[at + 3]! - product;
    sum += ((2 * product + C1) * (2 * covariance + C2)) / ((squares + C1) * (variances + C2));
  }
  return sum;
}
