import type { Block } from './modes.js';
import { isIntra } from './modes.js';
import type { ReferencePack } from './pack.js';

export const clip = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Section 10, dequantisation; `b` is not zero for the larger separable transforms. */
function valueOf(pack: ReferencePack, block: Block, weight: number, level: number, b = 0): number {
  if (level === 0) return 0;
  const step = pack.table('step').values[block.q] ?? 0;
  const m = Math.abs(level);
  const s = Math.max(1, (step * weight + 16) >> 5);
  const offset = pack.table('reconstructionOffset').values[(isIntra(block.type) ? 0 : 2) + Math.min(m, 2) - 1] ?? 0;
  const w = m * s - ((s * offset) >> 8);
  return Math.min((w + ((2 ** b) >> 1)) >> b, 32767) * Math.sign(level);
}

/** Sum of products and a constant, modulo 2^32, shifted. */
function shiftedSum(products: readonly number[], bits: number): number {
  const sum = products.reduce((total, product) => (total + product) | 0, 2 ** (bits - 1));
  return sum >> bits;
}

/** Residual of one block: sum of values times atoms. `levels` are its tokens in the order of atoms. */
export function residualOf(
  pack: ReferencePack,
  name: '16' | '8' | 'Chroma',
  basis: number,
  block: Block,
  levels: readonly number[],
): number[] {
  const { shape, values } = pack.table(`basis${name}`);
  const [, atoms = 0, samples = 0] = shape;
  const weights = pack.table(`weight${name}`).values;
  const coded = Array.from({ length: atoms }, (_, atom) => atom).filter((atom) => (levels[atom] ?? 0) !== 0);
  const scaled = coded.map((atom) => valueOf(pack, block, weights[basis * atoms + atom] ?? 0, levels[atom] ?? 0));
  return Array.from({ length: samples }, (_, n) => {
    const products = coded.map((atom, i) => (scaled[i] ?? 0) * (values[(basis * atoms + atom) * samples + n] ?? 0));
    return clip(shiftedSum(products, 18), -1024, 1023);
  });
}

/** Frequencies (vertical, horizontal) of `count` x `count` in the order of section 5. */
function zigzag(count: number): { v: number; h: number }[] {
  const order: { v: number; h: number }[] = [];
  for (let sum = 0; sum <= 2 * (count - 1); sum++) {
    const diagonal: { v: number; h: number }[] = [];
    for (let v = 0; v < count; v++) {
      const h = sum - v;
      if (h >= 0 && h < count) diagonal.push({ v, h });
    }
    order.push(...(sum % 2 === 1 ? diagonal : diagonal.reverse()));
  }
  return order;
}

/**
 * Residual of one plane of a large block.
 *
 * @param chroma null for luma, 0 for chroma of an intra block, 1 for chroma of an inter block.
 * @param levels its tokens in the order of frequencies.
 */
export function largeResidual(
  pack: ReferencePack,
  block: Block,
  chroma: 0 | 1 | null,
  levels: readonly number[],
): number[] {
  const width = (chroma === null ? 16 : 8) * 2 ** block.size;
  const b = Math.log2(width / 16);
  const matrix = pack.table(`separable${width}`).values;
  const count = chroma === null ? 16 : 8;
  const { shape, values } = pack.table('weightChroma');
  const [, atoms = 0] = shape;
  const c = Array.from({ length: count }, () => Array.from({ length: count }, () => 0));
  for (const [index, { v, h }] of zigzag(count).entries()) {
    const weight = chroma === null || index >= atoms ? 32 : (values[chroma * atoms + index] ?? 0);
    (c[v] ?? [])[h] = valueOf(pack, block, weight, levels[index] ?? 0, b);
  }
  const frequencies = Array.from({ length: count }, (_, frequency) => frequency);
  const rows = Array.from({ length: width }, (_, y) =>
    frequencies.map((h) => {
      const products = frequencies.map((v) => (matrix[v * width + y] ?? 0) * (c[v]?.[h] ?? 0));
      return clip(shiftedSum(products, 15 - b), -32768, 32767);
    }),
  );
  return rows.flatMap((t) =>
    Array.from({ length: width }, (_, x) => {
      const products = frequencies.map((h) => (matrix[h * width + x] ?? 0) * (t[h] ?? 0));
      return clip(shiftedSum(products, 18), -1024, 1023);
    }),
  );
}
