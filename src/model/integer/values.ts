import { NotInteger } from './not-integer.js';
import type { View, Weights } from './program.js';

/** Sums of a layer that no step computes yet: what follows decides in which form. */
export interface Pending {
  readonly op: 'linear' | 'depthwise';
  readonly input: View;
  readonly weights: Weights;
  readonly channels: number;
  readonly low: number;
  readonly high: number;
  /** The sums as a grid, if another step asked for them. */
  raw: View | null;
}

/** A grid or sums of a layer, times factors: one, or one for each channel. */
export interface Part {
  readonly source: View | Pending;
  readonly factor: number | readonly number[];
}

/** clip((sum of parts + offset) * 2^-shift, limits), floored if `isWhole`. */
export interface Integers {
  readonly kind: 'integers';
  readonly parts: readonly Part[];
  readonly offset: number;
  readonly shift: number;
  readonly isWhole: boolean;
  readonly limits: { readonly low: number; readonly high: number } | null;
  settled: View | null;
}

/** Bytes, as a grid of byte - zero. */
export interface Bytes {
  readonly kind: 'bytes';
  readonly view: View;
  readonly zero: number;
}

/** The sum of grids, each times a float32 scale. */
export interface Reals {
  readonly kind: 'reals';
  readonly parts: readonly { readonly view: View; readonly scale: number }[];
}

/** Sums of a layer, each channel times a float32 scale. */
export interface ScaledSums {
  readonly kind: 'sums';
  readonly sums: Pending;
  readonly scales: Float32Array;
}

/** An array of the file, times 2^-shift, or each row times its scale. */
export interface Constant {
  readonly kind: 'constant';
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
  readonly shift: number;
  readonly scales: Float32Array | null;
}

/** A value of a graph while it is read. */
export type Value = Integers | Bytes | Reals | ScaledSums | Constant;

export function isView(source: View | Pending): source is View {
  return 'grid' in source;
}

/** A grid as a value. */
export function integersOf(source: View | Pending, offset = 0, shift = 0): Integers {
  return {
    kind: 'integers',
    parts: [{ source, factor: 1 }],
    ...{ offset, shift, isWhole: shift === 0, limits: null, settled: null },
  };
}

export function channelsOf({ parts }: Integers): number {
  const { source } = parts[0]!;
  return source.channels;
}

/** The factor of each channel. */
export function factorsOf({ factor, source }: Part): readonly number[] {
  return typeof factor === 'number' ? new Array<number>(source.channels).fill(factor) : factor;
}

/** The least and greatest value that a view can hold, and 0, which lies around grids. */
export function rangeOf(source: View | Pending): { low: number; high: number } {
  const { low, high } = isView(source) ? source.grid : source;
  return { low, high };
}

/** The range of integers before limits. Throws NotInteger if a sum can leave the exact range of float32. */
export function sumRange({ parts, offset, shift }: Integers): { low: number; high: number } {
  let [low, high, size] = [offset, offset, Math.abs(offset)];
  for (const part of parts) {
    const range = rangeOf(part.source);
    const factors = typeof part.factor === 'number' ? [part.factor] : part.factor;
    const ends = factors.flatMap((factor) => [factor * range.low, factor * range.high]);
    const [least, most] = [Math.min(...ends), Math.max(...ends)];
    low += least;
    high += most;
    size += Math.max(Math.abs(least), Math.abs(most));
  }
  if (size >= EXACT_LIMIT) throw new NotInteger(`a sum can reach ${size}`);
  return { low: Math.floor(low * 2 ** -shift), high: Math.floor(high * 2 ** -shift) };
}

/** Float32 holds smaller integers exactly. */
export const EXACT_LIMIT = 2 ** 24;
