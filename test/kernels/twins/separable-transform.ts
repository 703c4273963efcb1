import { clip } from './block.js';

/** Sum modulo 2^32 as a signed number, and then shifted. */
function shifted(sum: bigint, bits: number): number {
  return Number(BigInt.asIntN(32, sum) >> BigInt(bits));
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** FORMAT.md section 10, "Residual": the value that a token stands for in a transform of `size` x `size` samples. */
export function dequantiseSeparable(
  token: number,
  step: number,
  offsets: readonly [number, number],
  size: number,
): number {
  const magnitude = Math.abs(token);
  if (magnitude === 0) return 0;
  const eighths = magnitude * step - Math.floor((step * offsets[Math.min(magnitude, 2) - 1]!) / 256);
  const unit = size / 16;
  return Math.sign(token) * Math.min(32767, Math.floor((eighths + Math.floor(unit / 2)) / unit));
}

/**
 * FORMAT.md section 10, "Residual" of a large block: [size, size].
 *
 * @param values [keep, keep]: of each frequency, vertical first.
 * @param matrix [keep or more, size].
 */
export function inverseSeparable(values: ArrayLike<number>, matrix: Int16Array, size: number): number[] {
  const keep = Math.sqrt(values.length);
  const bits = Math.log2(size / 16);
  const rows = indices(size).map((y) =>
    indices(keep).map((h) => {
      const sum = indices(keep).reduce((total, v) => total + BigInt(matrix[v * size + y]! * values[v * keep + h]!), 0n);
      return clip(shifted(sum + 2n ** BigInt(14 - bits), 15 - bits), -32768, 32767);
    }),
  );
  return rows.flatMap((row) =>
    indices(size).map((x) => {
      const sum = row.reduce((total, value, h) => total + BigInt(value * matrix[h * size + x]!), 0n);
      return clip(shifted(sum + 2n ** 17n, 18), -1024, 1023);
    }),
  );
}

/** Coefficients of a residual [size, size], times 2^15, [keep, keep]; the first stage rounds. */
export function forwardSeparable(residual: Int16Array, matrix: Int16Array, size: number, keep: number): number[] {
  const rows = indices(keep).map((v) =>
    indices(size).map((x) => {
      const sum = indices(size).reduce((total, y) => total + residual[y * size + x]! * matrix[v * size + y]!, 0);
      return clip(Math.floor((sum + 2 ** 12) / 2 ** 13), -32768, 32767);
    }),
  );
  return rows.flatMap((row) =>
    indices(keep).map((h) => {
      const sum = row.reduce((total, value, x) => total + BigInt(value * matrix[h * size + x]!), 0n);
      return shifted(sum, 2);
    }),
  );
}

/** Frequencies, `vertical * count + horizontal`, in the zigzag order of FORMAT.md section 5. */
export function zigzag(count: number): number[] {
  const order: number[] = [];
  for (let sum = 0; sum < 2 * count - 1; sum++) {
    const diagonal = indices(count).filter((v) => sum - v >= 0 && sum - v < count);
    if (sum % 2 === 0) diagonal.reverse();
    order.push(...diagonal.map((v) => v * count + sum - v));
  }
  return order;
}
