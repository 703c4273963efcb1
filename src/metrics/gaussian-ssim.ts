/** Width of the window of {@link compareStructure}, samples. */
export const WINDOW = 11;

const SIGMA = 1.5;
/** Constants of the paper for 8 bits: (K1 L)^2 and (K2 L)^2 with K1 = 0.01, K2 = 0.03, L = 255. */
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
/** Moments per sample: a, b, a^2 + b^2, a b. */
const MOMENTS = 4;

const window = gaussian();

/** Samples of any kind, row-major, without padding. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Float32Array;
}

/** Means over a picture. */
export interface StructureSimilarity {
  /** Luminance, contrast and structure: SSIM, equation 13 of the paper. */
  readonly similarity: number;
  /** Contrast and structure only. */
  readonly contrast: number;
}

/**
 * SSIM as its paper has it (Z. Wang et al., "Image quality assessment: from error visibility to structural similarity",
 * 2004), one scale: Gaussian window of 11x11 with sigma 1.5, only where it lies inside the picture.
 *
 * @param a samples 0..255, both sides at least {@link WINDOW}.
 * @param b of the same size.
 */
export function compareStructure(a: Plane, b: Plane): StructureSimilarity {
  const { width, height } = a;
  const columns = width - WINDOW + 1;
  const rows = height - WINDOW + 1;

  // The window is separable. Rows are filtered once, kept as long as the window covers them, then filtered vertically.
  const ring = Array.from({ length: WINDOW }, () => new Float64Array(columns * MOMENTS));
  const moments = new Float64Array(columns * MOMENTS);
  const source = new Float64Array(width * MOMENTS);
  const sums = { similarity: 0, contrast: 0 };
  for (let row = 0; row < height; row++) {
    loadMoments(a.data, b.data, row * width, width, source);
    filterRow(source, ring[row % WINDOW]!);
    if (row < WINDOW - 1) continue;
    filterColumns(ring, row + 1, moments);
    addSimilarity(moments, sums);
  }
  const count = rows * columns;
  return { similarity: sums.similarity / count, contrast: sums.contrast / count };
}

function gaussian(): Float64Array {
  const taps = Float64Array.from({ length: WINDOW }, (_, tap) =>
    Math.exp(-((tap - (WINDOW - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

/** Interleaved moments of one row. */
function loadMoments(
  a: Uint8Array | Float32Array,
  b: Uint8Array | Float32Array,
  start: number,
  width: number,
  moments: Float64Array,
): void {
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

/** The window is symmetric: samples at one distance from its middle are added first. */
function filterRow(source: Float64Array, target: Float64Array): void {
  const [w0, w1, w2, w3, w4, w5] = window as unknown as [number, number, number, number, number, number];
  const step = MOMENTS;
  for (let at = 0; at < target.length; at++) {
    target[at] =
      w0 * (source[at]! + source[at + 10 * step]!) +
      w1 * (source[at + step]! + source[at + 9 * step]!) +
      w2 * (source[at + 2 * step]! + source[at + 8 * step]!) +
      w3 * (source[at + 3 * step]! + source[at + 7 * step]!) +
      w4 * (source[at + 4 * step]! + source[at + 6 * step]!) +
      w5 * source[at + 5 * step]!;
  }
}

/** @param first index in `ring` (modulo its length) of the topmost row. */
function filterColumns(ring: readonly Float64Array[], first: number, target: Float64Array): void {
  const [w0, w1, w2, w3, w4, w5] = window as unknown as [number, number, number, number, number, number];
  const rows = ring.map((_, tap) => ring[(first + tap) % WINDOW]!);
  const [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10] = rows as Eleven<Float64Array>;
  for (let at = 0; at < target.length; at++) {
    target[at] =
      w0 * (r0[at]! + r10[at]!) +
      w1 * (r1[at]! + r9[at]!) +
      w2 * (r2[at]! + r8[at]!) +
      w3 * (r3[at]! + r7[at]!) +
      w4 * (r4[at]! + r6[at]!) +
      w5 * r5[at]!;
  }
}

type Eleven<T> = [T, T, T, T, T, T, T, T, T, T, T];

function addSimilarity(moments: Float64Array, sums: { similarity: number; contrast: number }): void {
  let [similarities, contrasts] = [0, 0];
  for (let at = 0; at < moments.length; at += MOMENTS) {
    const meanA = moments[at]!;
    const meanB = moments[at + 1]!;
    const product = meanA * meanB;
    const squares = meanA * meanA + meanB * meanB;
    const variances = moments[at + 2]! - squares;
    const covariance = moments[at + 3]! - product;
    const contrast = (2 * covariance + C2) / (variances + C2);
    contrasts += contrast;
    similarities += ((2 * product + C1) / (squares + C1)) * contrast;
  }
  sums.similarity += similarities;
  sums.contrast += contrasts;
}
