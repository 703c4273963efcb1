import { fill, sample, type Block } from './block.js';

function sumOver(width: number, height: number, value: (row: number, column: number) => number): number {
  let sum = 0;
  for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) sum += value(row, column);
  return sum;
}

export function blockSad(a: Block, b: Block, size: number): number {
  return sumOver(size, size, (row, column) => Math.abs(sample(a, row, column) - sample(b, row, column)));
}

export function blockSsd(a: Block, b: Block, width: number, height: number): number {
  return sumOver(width, height, (row, column) => (sample(a, row, column) - sample(b, row, column)) ** 2);
}

/** Variance of the samples of a 16x16 block. */
export function blockVariance(block: Block): number {
  const mean = sumOver(16, 16, (row, column) => sample(block, row, column)) / 256;
  return sumOver(16, 16, (row, column) => sample(block, row, column) ** 2) / 256 - mean ** 2;
}

/** Entry of the 8x8 Hadamard matrix: -1 to the number of common bits of row and column. */
function hadamard(i: number, j: number): number {
  let common = i & j;
  let sign = 1;
  for (; common > 0; common >>= 1) if ((common & 1) === 1) sign = -sign;
  return sign;
}

const indices = [0, 1, 2, 3, 4, 5, 6, 7];
const matrix = indices.map((i) => indices.map((j) => hadamard(i, j)));

function product(a: readonly (readonly number[])[], b: readonly (readonly number[])[]): number[][] {
  return indices.map((i) => indices.map((j) => indices.reduce((sum, k) => sum + a[i]![k]! * b[k]![j]!, 0)));
}

/** The 64 coefficients H D H of samples D, in no particular order. */
export function hadamard8(value: (row: number, column: number) => number): number[] {
  const samples = indices.map((i) => indices.map((j) => value(i, j)));
  return product(product(matrix, samples), matrix).flat();
}

/** Sum of absolute values of H D H for each 8x8 block of differences D, each sum halved twice with rounding. */
export function blockSatd(a: Block, b: Block, size: number): number {
  let total = 0;
  for (let top = 0; top < size; top += 8) {
    for (let left = 0; left < size; left += 8) {
      const transformed = hadamard8((i, j) => sample(a, top + i, left + j) - sample(b, top + i, left + j));
      const sum = transformed.reduce((before, value) => before + Math.abs(value), 0);
      total += Math.floor((sum + 2) / 4);
    }
  }
  return total;
}

/** Mean of 2x2 samples, halves rounded up; `width` and `height` are those of the result. */
export function halve(source: Block, width: number, height: number): Uint8Array {
  return fill(width, height, (row, column) =>
    Math.floor((sumOver(2, 2, (dy, dx) => sample(source, 2 * row + dy, 2 * column + dx)) + 2) / 4),
  );
}
