import { clip, fill, sample, type Block } from './block.js';

export function subtractBlock(a: Block, b: Block, size: number): Int16Array {
  return Int16Array.from({ length: size * size }, (_, i) => {
    const row = Math.floor(i / size);
    return sample(a, row, i % size) - sample(b, row, i % size);
  });
}

/** Inner products of the residual with each atom of a basis [atoms][samples]. */
export function forwardTransform(residual: Int16Array, basis: Int16Array): number[] {
  const atoms = basis.length / residual.length;
  return Array.from({ length: atoms }, (_, atom) =>
    residual.reduce((sum, value, i) => sum + value * basis[atom * residual.length + i]!, 0),
  );
}

/** FORMAT.md section 10, "Dequantisation": the value that a token stands for. */
export function dequantise(token: number, step: number, offsets: readonly [number, number]): number {
  const magnitude = Math.abs(token);
  if (magnitude === 0) return 0;
  const pull = Math.floor((step * offsets[Math.min(magnitude, 2) - 1]!) / 256);
  return Math.sign(token) * Math.min(32767, magnitude * step - pull);
}

/** Sum of value * atom for each sample, modulo 2^32, as a signed number. */
export function accumulateAtoms(values: readonly number[], basis: Int16Array, samples: number): Int32Array {
  return Int32Array.from({ length: samples }, (_, i) => {
    const sum = values.reduce((total, value, atom) => total + BigInt(value * basis[atom * samples + i]!), 0n);
    return Number(BigInt.asIntN(32, sum));
  });
}

/** FORMAT.md section 10: rounds the sums to a residual and adds it to the prediction. */
export function addResidual(sums: Int32Array, prediction: Block, size: number): Uint8Array {
  return fill(size, size, (row, column) => {
    const rounded = BigInt.asIntN(32, BigInt(sums[row * size + column]!) + 2n ** 17n) >> 18n;
    return clip(sample(prediction, row, column) + clip(Number(rounded), -1024, 1023), 0, 255);
  });
}
