import type { Table } from './pack.js';
import type { Plane } from './reconstruct.js';

/** The samples around a block: the corner, as many above as the block is wide twice, as many on the left. */
export interface Boundary {
  corner: number;
  above: number[];
  left: number[];
}

/** Section 10: the boundary of the `size` x `size` samples at (`x`, `y`). */
export function gatherBoundary(plane: Plane, x: number, y: number, size: number, hasTopRight: boolean): Boundary {
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
  return { corner, above: [...above, ...topRight], left };
}

/** Section 10, intra prediction of a block from its boundary, with matrices for its size. */
export function predictBlock(matrices: Table, mode: number, { corner, above, left }: Boundary): number[] {
  const size = left.length;
  const boundary = [corner, ...above, ...left];
  const sum = [...above.slice(0, size), ...left].reduce((total, value) => total + value, size);
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

/** Section 10, chroma from luma: the prediction of the `size` x `size` chroma samples at (`left`, `top`). */
export function predictFromLuma(luma: Plane, chroma: Plane, left: number, top: number, size: number): number[] {
  const lumaAt = (x: number, y: number): number => {
    let sum = 2;
    for (const [right, down] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      sum += luma.samples[(2 * y + down) * luma.width + 2 * x + right] ?? 0;
    }
    return sum >> 2;
  };
  const places: [x: number, y: number][] = [];
  for (let i = 0; top > 0 && i < size; i++) places.push([left + i, top - 1]);
  for (let i = 0; left > 0 && i < size; i++) places.push([left - 1, top + i]);
  const n = BigInt(places.length);
  let [x, y, xx, xy] = [0n, 0n, 0n, 0n];
  for (const place of places) {
    const own = BigInt(lumaAt(...place));
    const other = BigInt(chroma.samples[place[1] * chroma.width + place[0]] ?? 0);
    x += own;
    y += other;
    xx += own * own;
    xy += own * other;
  }
  let [slope, offset] = [0, 128 << 6];
  if (n > 0n) {
    const quotient = Number((64n * (n * xy - x * y)) / (n * xx - x * x + n * n));
    slope = Math.min(Math.max(quotient, -128), 127);
    offset = Number(64n * y - BigInt(slope) * x + n / 2n) >> Math.log2(places.length);
  }
  return Array.from({ length: size * size }, (_, at) => {
    const own = lumaAt(left + (at % size), top + Math.floor(at / size));
    return Math.min(Math.max((slope * own + offset + 32) >> 6, 0), 255);
  });
}

/** Section 10, intra prediction of large blocks, with matrices for 16x16. */
export function predictLarge(matrices: Table, mode: number, boundary: Boundary): number[] {
  const size = boundary.left.length;
  const f = size / 16;
  if (f === 1) return predictBlock(matrices, mode, boundary);
  const b = Math.log2(f);
  const shrink = (samples: readonly number[]): number[] =>
    Array.from({ length: samples.length / f }, (_, i) => {
      const sum = samples.slice(f * i, f * (i + 1)).reduce((total, value) => total + value, f / 2);
      return sum >> b;
    });
  const { corner, above, left } = boundary;
  const small = predictBlock(matrices, mode, { corner, above: shrink(above), left: shrink(left) });
  const result = Array.from({ length: size * size }, () => 0);
  const mean = (before: number, after: number, k: number): number => ((f - k) * before + k * after + f / 2) >> b;
  for (let r = 0; r < 16; r++) {
    const y = f * r + f - 1;
    for (let c = 0; c < 16; c++) {
      const before = (c === 0 ? left[y] : small[16 * r + c - 1]) ?? 0;
      for (let k = 1; k <= f; k++) result[y * size + f * c + k - 1] = mean(before, small[16 * r + c] ?? 0, k);
    }
  }
  for (let r = 0; r < 16; r++) {
    for (let x = 0; x < size; x++) {
      const before = (r === 0 ? above[x] : result[(f * r - 1) * size + x]) ?? 0;
      const after = result[(f * r + f - 1) * size + x] ?? 0;
      for (let k = 1; k < f; k++) result[(f * r + k - 1) * size + x] = mean(before, after, k);
    }
  }
  return result;
}
