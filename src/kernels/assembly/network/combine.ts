import { rounded } from './linear';

/** A term of a sum: int16 or int32 values, each times its channel's factor. Strides are in bytes. */
@unmanaged
class Term {
  at: usize;
  step: i32;
  row: i32;
  isWide: i32;
  /** int32 or float32 [channels]. */
  factors: usize;
  /** Whether all factors are 1. */
  isPlain: i32;
}

const TERM_BYTES: usize = 24;

/**
 * Words of the description of a sum of grids. The terms follow it.
 *
 * terms: int32 [count][6], see Term. isReal: factors are float32.
 */
@unmanaged
export class Combination {
  output: usize;
  outputStep: i32;
  outputRow: i32;
  width: i32;
  height: i32;
  channels: i32;
  count: i32;
  terms: usize;
  isReal: i32;
  offset: i32;
  shift: i32;
  low: i32;
  high: i32;
  /** Whether it is the sum of one or two int16 grids as they are, and sums with the offset are int16, too. */
  isPlain: i32;
  /** uint8 [width][channels / 8], or 0. With it, groups of channels that are 0 there may have any value. */
  wanted: usize;
}

/**
 * int16 values of a sum of grids: clip((sum of term * factor + offset) >> shift, low, high), or, of float32 factors,
 * the sum limited to low..high and rounded, halves to even.
 */
export function combine(sum: Combination): void {
  for (let row = 0; row < sum.height; row++) {
    if (sum.isPlain) plainRow(sum, row);
    else generalRow(sum, row);
  }
}

function plainRow(sum: Combination, row: i32): void {
  const low = i16x8.splat(<i16>sum.low);
  const high = i16x8.splat(<i16>sum.high);
  const offset = i16x8.splat(<i16>sum.offset);
  const shift = sum.shift;
  const channels = sum.channels;
  const whole = channels & ~7;
  const a = changetype<Term>(sum.terms);
  const b = changetype<Term>(sum.terms + TERM_BYTES);
  const hasTwo = sum.count == 2;
  let fromA = a.at + row * a.row;
  let fromB = hasTwo ? b.at + row * b.row : 0;
  let to = sum.output + row * sum.outputRow;
  for (let column = 0; column < sum.width; column++) {
    const wanted = sum.wanted != 0 ? sum.wanted + column * (whole >> 3) : 0;
    for (let channel = 0; channel < channels; channel += 8) {
      if (wanted != 0 && channel < whole && load<u8>(wanted + (channel >> 3)) == 0) continue;
      const at = channel << 1;
      let total = i16x8.add(v128.load(fromA + at), offset);
      if (hasTwo) total = i16x8.add(total, v128.load(fromB + at));
      total = i16x8.min_s(i16x8.max_s(i16x8.shr_s(total, shift), low), high);
      if (channel < whole) v128.store(to + at, total);
      else storeFirst(to + at, total, channels - whole);
    }
    fromA += a.step;
    if (hasTwo) fromB += b.step;
    to += sum.outputStep;
  }
}

function generalRow(sum: Combination, row: i32): void {
  const whole = sum.channels & ~7;
  for (let column = 0; column < sum.width; column++) {
    const to = sum.output + row * sum.outputRow + column * sum.outputStep;
    const wanted = sum.wanted != 0 ? sum.wanted + column * (whole >> 3) : 0;
    for (let channel = 0; channel < whole; channel += 8) {
      if (wanted != 0 && load<u8>(wanted + (channel >> 3)) == 0) continue;
      v128.store(to + (channel << 1), sum.isReal ? real(sum, row, column, channel) : integer(sum, row, column, channel));
    }
    if (whole < sum.channels) {
      const rest = sum.isReal ? real(sum, row, column, whole) : integer(sum, row, column, whole);
      storeFirst(to + (whole << 1), rest, sum.channels - whole);
    }
  }
}

/** Stores the first 1..7 values. Loads may read past the last channel; stores may not: another part of a grid can be there. */
// @ts-ignore: decorator
@inline
function storeFirst(to: usize, values: v128, count: i32): void {
  if (count & 4) {
    v128.store64_lane(to, values, 0);
    values = i64x2.shuffle(values, values, 1, 1);
    to += 8;
  }
  if (count & 2) {
    v128.store32_lane(to, values, 0);
    values = i64x2.shr_u(values, 32);
    to += 4;
  }
  if (count & 1) v128.store16_lane(to, values, 0);
}

// @ts-ignore: decorator
@inline
function integer(sum: Combination, row: i32, column: i32, channel: i32): v128 {
  let sums0 = i32x4.splat(sum.offset);
  let sums1 = sums0;
  let at = sum.terms;
  for (let index = 0; index < sum.count; index++, at += TERM_BYTES) {
    const term = changetype<Term>(at);
    const from = term.at + row * term.row + column * term.step;
    const factors = term.factors + (channel << 2);
    let x0: v128, x1: v128;
    if (term.isWide) {
      x0 = v128.load(from + (channel << 2));
      x1 = v128.load(from + (channel << 2), 16);
    } else {
      const x = v128.load(from + (channel << 1));
      x0 = i32x4.extend_low_i16x8_s(x);
      x1 = i32x4.extend_high_i16x8_s(x);
    }
    if (!term.isPlain) {
      x0 = i32x4.mul(x0, v128.load(factors));
      x1 = i32x4.mul(x1, v128.load(factors, 16));
    }
    sums0 = i32x4.add(sums0, x0);
    sums1 = i32x4.add(sums1, x1);
  }
  const narrow = i16x8.narrow_i32x4_s(i32x4.shr_s(sums0, sum.shift), i32x4.shr_s(sums1, sum.shift));
  return i16x8.min_s(i16x8.max_s(narrow, i16x8.splat(<i16>sum.low)), i16x8.splat(<i16>sum.high));
}

// @ts-ignore: decorator
@inline
function real(sum: Combination, row: i32, column: i32, channel: i32): v128 {
  let sums0 = f32x4.splat(0);
  let sums1 = sums0;
  let at = sum.terms;
  for (let index = 0; index < sum.count; index++, at += TERM_BYTES) {
    const term = changetype<Term>(at);
    const x = v128.load(term.at + row * term.row + column * term.step + (channel << 1));
    const factors = term.factors + (channel << 2);
    const x0 = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(x));
    const x1 = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(x));
    sums0 = f32x4.add(sums0, f32x4.mul(x0, v128.load(factors)));
    sums1 = f32x4.add(sums1, f32x4.mul(x1, v128.load(factors, 16)));
  }
  return i16x8.narrow_i32x4_s(rounded(sums0, sum.low, sum.high), rounded(sums1, sum.low, sum.high));
}
