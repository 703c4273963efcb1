import type { Table } from './pack.js';
import type { Plane } from './reconstruct.js';

/** Section 10, intra prediction: the `size` x `size` samples at (`x`, `y`), from those reconstructed around them. */
export function predictIntra(
  matrices: Table,
  mode: number,
  plane: Plane,
  x: number,
  y: number,
  size: number,
  hasTopRight: boolean,
): number[] {
  const sample = (column: number, row: number): number => plane.samples[row * plane.width + column] ?? 0;
  const hasAbove = y > 0;
  const hasLeft = x > 0;
  const indices = Array.from({ length: size }, (_, index) => index);
  let above = indices.map((index) => (hasAbove ? sample(x + index, y - 1) : 128));
  let left = indices.map((index) => (hasLeft ? sample(x - 1, y + index) : 128));
  let corner = 128;
  if (hasAbove && hasLeft) corner = sample(x - 1, y - 1);
  else if (hasLeft) {
    corner = left[0] ?? 0;
    above = above.map(() => corner);
  } else if (hasAbove) {
    corner = above[0] ?? 0;
    left = left.map(() => corner);
  }
  const topRight = indices.map((index) =>
    hasAbove && hasTopRight ? sample(x + size + index, y - 1) : (above.at(-1) ?? 0),
  );
  const boundary = [corner, ...above, ...topRight, ...left];
  const sum = [...above, ...left].reduce((total, value) => total + value, size);
  const dc = sum >> (Math.log2(size) + 1);
  const from = mode * size * size * boundary.length;
  return Array.from({ length: size * size }, (_, n) => {
    let total = 32;
    for (const [index, sampled] of boundary.entries()) {
      total += (matrices.values[from + n * boundary.length + index] ?? 0) * (sampled - dc);
    }
    return Math.min(Math.max(dc + (total >> 6), 0), 255);
  });
}
