import { SUMS_STRIDE } from './scratch';

/**
 * Stages of separable interpolation. Taps are int16; `tapCount` is 2, 4 or 8, and the middle pair weighs the sample at
 * the whole position and the next one. Taps sum to 64 and those below 0 to at least -64, so a stage fits 16 bits.
 *
 * Both stages are exact, so their order does not matter. The one along columns comes first: it reads each row of samples
 * once for several rows of sums. These are int16, `SUMS_STRIDE` bytes apart, each with half a unit of one stage added:
 * since the taps sum to 64, this becomes half a unit of both stages.
 */

/** Shifts of one stage, half its unit, and of two. */
const ONE_STAGE: i32 = 6;
const HALF: i16 = 32;
const TWO_STAGES: i32 = 12;

/** Filters along rows, rounds, and writes `width` (4 or a multiple of 8) samples of each of `height` rows. */
export function filterAcross(
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
): void {
  const first = source - before(tapCount);
  if (tapCount == 8) filterAcrossBy(8, first, sourceStride, target, targetStride, width, height, taps);
  else if (tapCount == 4) filterAcrossBy(4, first, sourceStride, target, targetStride, width, height, taps);
  else filterAcrossBy(2, first, sourceStride, target, targetStride, width, height, taps);
}

/** The same along columns. */
export function filterDown(
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
): void {
  const first = source - before(tapCount) * sourceStride;
  if (tapCount == 8) filterDownBy(8, false, first, sourceStride, target, targetStride, width, height, taps);
  else if (tapCount == 4) filterDownBy(4, false, first, sourceStride, target, targetStride, width, height, taps);
  else filterDownBy(2, false, first, sourceStride, target, targetStride, width, height, taps);
}

/** First of two stages: filters `height` rows along columns, `width` (a multiple of 8) of them, into `sums`. */
export function sumColumns(
  source: usize,
  sourceStride: i32,
  sums: usize,
  width: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
): void {
  const first = source - before(tapCount) * sourceStride;
  if (tapCount == 8) filterDownBy(8, true, first, sourceStride, sums, SUMS_STRIDE, width, height, taps);
  else if (tapCount == 4) filterDownBy(4, true, first, sourceStride, sums, SUMS_STRIDE, width, height, taps);
  else filterDownBy(2, true, first, sourceStride, sums, SUMS_STRIDE, width, height, taps);
}

/** Second stage where there is nothing to filter. `width` is a multiple of 8. */
export function roundSums(sums: usize, target: usize, targetStride: i32, width: i32, height: i32): void {
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column += 8) {
      const sum = i16x8.shr_s(v128.load(sums + (column << 1)), ONE_STAGE);
      v128.store64_lane(target + column, i8x16.narrow_i16x8_u(sum, sum), 0);
    }
    sums += SUMS_STRIDE;
    target += targetStride;
  }
}

/** Second stage: filters `height` rows along themselves; the first tap of the first sample weighs what stands at `sums`. */
export function filterSums(
  sums: usize,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
): void {
  if (tapCount == 8) filterSumsBy(8, sums, target, targetStride, width, height, taps);
  else if (tapCount == 4) filterSumsBy(4, sums, target, targetStride, width, height, taps);
  else filterSumsBy(2, sums, target, targetStride, width, height, taps);
}

/** Like {@link filterAcross}, for a single column of at least 4 samples. */
export function filterColumn(
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
): void {
  filterColumnOf(false, source - before(tapCount), sourceStride, target, targetStride, height, taps, tapCount);
}

/** Like {@link filterSums}, for a single column of at least 4 samples. */
export function filterSumsColumn(
  sums: usize,
  target: usize,
  targetStride: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
): void {
  filterColumnOf(true, sums, SUMS_STRIDE, target, targetStride, height, taps, tapCount);
}

/** Samples in front of a position that its first tap reaches. */
// @ts-ignore: decorator
@inline
export function before(tapCount: i32): i32 {
  return (tapCount >> 1) - 1;
}

/** Writes the first 4 samples of a vector, or the first 8 if `width` is not 4. */
// @ts-ignore: decorator
@inline
export function storeSamples(target: usize, samples: v128, width: i32): void {
  if (width == 4) v128.store32_lane(target, samples, 0);
  else v128.store64_lane(target, samples, 0);
}

/** The same for two rows, whose samples are the halves of a vector. */
// @ts-ignore: decorator
@inline
export function storeTwoRows(target: usize, stride: i32, samples: v128, width: i32): void {
  if (width == 4) {
    v128.store32_lane(target, samples, 0);
    v128.store32_lane(target + stride, samples, 2);
  } else {
    v128.store64_lane(target, samples, 0);
    v128.store64_lane(target + stride, samples, 1);
  }
}

// The functions below are inlined with a constant number of taps, so that all taps stay in registers.

// @ts-ignore: decorator
@inline
function filterAcrossBy(
  count: i32,
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
): void {
  const t0 = v128.load16_splat(taps);
  const t1 = v128.load16_splat(taps, 2);
  const t2 = count > 2 ? v128.load16_splat(taps, 4) : t0;
  const t3 = count > 2 ? v128.load16_splat(taps, 6) : t0;
  const t4 = count > 4 ? v128.load16_splat(taps, 8) : t0;
  const t5 = count > 4 ? v128.load16_splat(taps, 10) : t0;
  const t6 = count > 4 ? v128.load16_splat(taps, 12) : t0;
  const t7 = count > 4 ? v128.load16_splat(taps, 14) : t0;
  let start = 0;
  for (; start + 16 <= width; start += 16) {
    let from = source + start;
    let to = target + start;
    for (let row = 0; row < height; row++) {
      v128.store(to, weighSixteen(count, from, t0, t1, t2, t3, t4, t5, t6, t7));
      from += sourceStride;
      to += targetStride;
    }
  }
  for (let column = start; column < width; column += 8) {
    let from = source + column;
    let to = target + column;
    for (let row = 0; row < height; row++) {
      const sum = i16x8.shr_s(weigh(count, from, 1, t0, t1, t2, t3, t4, t5, t6, t7), ONE_STAGE);
      storeSamples(to, i8x16.narrow_i16x8_u(sum, sum), width);
      from += sourceStride;
      to += targetStride;
    }
  }
}

/** Sixteen rounded samples of a row: those at even and at odd places are weighed apart. */
// @ts-ignore: decorator
@inline
function weighSixteen(
  count: i32,
  at: usize,
  t0: v128,
  t1: v128,
  t2: v128,
  t3: v128,
  t4: v128,
  t5: v128,
  t6: v128,
  t7: v128,
): v128 {
  const half = i16x8.splat(HALF);
  let samples = v128.load(at);
  let place = oddOf(samples);
  let even = addProduct(addProduct(half, evenOf(samples), t0), place, t1);
  let odd = addProduct(half, place, t0);
  samples = v128.load(at, 2);
  place = evenOf(samples);
  odd = addProduct(odd, place, t1);
  if (count > 2) {
    even = addProduct(even, place, t2);
    place = oddOf(samples);
    even = addProduct(even, place, t3);
    odd = addProduct(odd, place, t2);
    samples = v128.load(at, 4);
    place = evenOf(samples);
    odd = addProduct(odd, place, t3);
  }
  if (count > 4) {
    even = addProduct(even, place, t4);
    place = oddOf(samples);
    even = addProduct(even, place, t5);
    odd = addProduct(odd, place, t4);
    samples = v128.load(at, 6);
    place = evenOf(samples);
    even = addProduct(even, place, t6);
    odd = addProduct(odd, place, t5);
    place = oddOf(samples);
    even = addProduct(even, place, t7);
    odd = addProduct(odd, place, t6);
    odd = addProduct(odd, evenOf(v128.load(at, 8)), t7);
  }
  const both = roundTwoRows(even, odd);
  return i8x16.shuffle(both, both, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
}

// @ts-ignore: decorator
@inline
function evenOf(samples: v128): v128 {
  return v128.and(samples, i16x8.splat(255));
}

// @ts-ignore: decorator
@inline
function oddOf(samples: v128): v128 {
  return i16x8.shr_u(samples, 8);
}

/** Writes sums, or else rounded samples. */
// @ts-ignore: decorator
@inline
function filterDownBy(
  count: i32,
  keepsSums: bool,
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
): void {
  const half = i16x8.splat(HALF);
  const t0 = v128.load16_splat(taps);
  const t1 = v128.load16_splat(taps, 2);
  const t2 = count > 2 ? v128.load16_splat(taps, 4) : t0;
  const t3 = count > 2 ? v128.load16_splat(taps, 6) : t0;
  const t4 = count > 4 ? v128.load16_splat(taps, 8) : t0;
  const t5 = count > 4 ? v128.load16_splat(taps, 10) : t0;
  const t6 = count > 4 ? v128.load16_splat(taps, 12) : t0;
  const t7 = count > 4 ? v128.load16_splat(taps, 14) : t0;
  for (let column = 0; column < width; column += 8) {
    let from = source + column;
    let to = target + (keepsSums ? column << 1 : column);
    let row = 0;
    for (; row + 4 <= height; row += 4) {
      let next = from + 3 * sourceStride;
      // The rows that a tap weighs for each of the four sums.
      let r0 = v128.load8x8_u(from);
      let r1 = v128.load8x8_u(from + sourceStride);
      let r2 = v128.load8x8_u(from + 2 * sourceStride);
      let r3 = v128.load8x8_u(next);
      let s0 = addProduct(half, r0, t0);
      let s1 = addProduct(half, r1, t0);
      let s2 = addProduct(half, r2, t0);
      let s3 = addProduct(half, r3, t0);
      r0 = v128.load8x8_u(next + sourceStride);
      s0 = addProduct(s0, r1, t1);
      s1 = addProduct(s1, r2, t1);
      s2 = addProduct(s2, r3, t1);
      s3 = addProduct(s3, r0, t1);
      if (count > 2) {
        r1 = v128.load8x8_u(next + 2 * sourceStride);
        s0 = addProduct(s0, r2, t2);
        s1 = addProduct(s1, r3, t2);
        s2 = addProduct(s2, r0, t2);
        s3 = addProduct(s3, r1, t2);
        next += 3 * sourceStride;
        r2 = v128.load8x8_u(next);
        s0 = addProduct(s0, r3, t3);
        s1 = addProduct(s1, r0, t3);
        s2 = addProduct(s2, r1, t3);
        s3 = addProduct(s3, r2, t3);
      }
      if (count > 4) {
        r3 = v128.load8x8_u(next + sourceStride);
        s0 = addProduct(s0, r0, t4);
        s1 = addProduct(s1, r1, t4);
        s2 = addProduct(s2, r2, t4);
        s3 = addProduct(s3, r3, t4);
        r0 = v128.load8x8_u(next + 2 * sourceStride);
        s0 = addProduct(s0, r1, t5);
        s1 = addProduct(s1, r2, t5);
        s2 = addProduct(s2, r3, t5);
        s3 = addProduct(s3, r0, t5);
        next += 3 * sourceStride;
        r1 = v128.load8x8_u(next);
        s0 = addProduct(s0, r2, t6);
        s1 = addProduct(s1, r3, t6);
        s2 = addProduct(s2, r0, t6);
        s3 = addProduct(s3, r1, t6);
        r2 = v128.load8x8_u(next + sourceStride);
        s0 = addProduct(s0, r3, t7);
        s1 = addProduct(s1, r0, t7);
        s2 = addProduct(s2, r1, t7);
        s3 = addProduct(s3, r2, t7);
      }
      if (keepsSums) {
        v128.store(to, s0);
        v128.store(to + targetStride, s1);
        v128.store(to + 2 * targetStride, s2);
        v128.store(to + 3 * targetStride, s3);
      } else {
        storeTwoRows(to, targetStride, roundTwoRows(s0, s1), width);
        storeTwoRows(to + 2 * targetStride, targetStride, roundTwoRows(s2, s3), width);
      }
      from += 4 * sourceStride;
      to += 4 * targetStride;
    }
    for (; row < height; row++) {
      const sum = weigh(count, from, sourceStride, t0, t1, t2, t3, t4, t5, t6, t7);
      if (keepsSums) v128.store(to, sum);
      else storeSamples(to, roundTwoRows(sum, sum), width);
      from += sourceStride;
      to += targetStride;
    }
  }
}

// @ts-ignore: decorator
@inline
function addProduct(sum: v128, samples: v128, tap: v128): v128 {
  return i16x8.add(sum, i16x8.mul(samples, tap));
}

/** Samples of two rows of one stage. */
// @ts-ignore: decorator
@inline
function roundTwoRows(upper: v128, lower: v128): v128 {
  return i8x16.narrow_i16x8_u(i16x8.shr_s(upper, ONE_STAGE), i16x8.shr_s(lower, ONE_STAGE));
}

// @ts-ignore: decorator
@inline
function filterSumsBy(
  count: i32,
  sums: usize,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
): void {
  const t0 = v128.load32_splat(taps);
  const t2 = count > 2 ? v128.load32_splat(taps, 4) : t0;
  const t4 = count > 4 ? v128.load32_splat(taps, 8) : t0;
  const t6 = count > 4 ? v128.load32_splat(taps, 12) : t0;
  for (let column = 0; column < width; column += 8) {
    let from = sums + (column << 1);
    let to = target + column;
    for (let row = 0; row < height; row++) {
      const samples = weighSums(count, from, t0, t2, t4, t6);
      storeSamples(to, i8x16.narrow_i16x8_u(samples, samples), width);
      from += SUMS_STRIDE;
      to += targetStride;
    }
  }
}

/** Eight samples, int16, of `count` weighted sums each; each tap is a pair. */
// @ts-ignore: decorator
@inline
function weighSums(count: i32, at: usize, t0: v128, t2: v128, t4: v128, t6: v128): v128 {
  let even = i32x4.dot_i16x8_s(v128.load(at), t0);
  let odd = i32x4.dot_i16x8_s(v128.load(at, 2), t0);
  if (count > 2) {
    even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load(at, 4), t2));
    odd = i32x4.add(odd, i32x4.dot_i16x8_s(v128.load(at, 6), t2));
  }
  if (count > 4) {
    even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load(at, 8), t4));
    odd = i32x4.add(odd, i32x4.dot_i16x8_s(v128.load(at, 10), t4));
    even = i32x4.add(even, i32x4.dot_i16x8_s(v128.load(at, 12), t6));
    odd = i32x4.add(odd, i32x4.dot_i16x8_s(v128.load(at, 14), t6));
  }
  // Odd ones move to the upper halves of their lanes.
  even = i32x4.shr_s(even, TWO_STAGES);
  odd = i32x4.shl(odd, 16 - TWO_STAGES);
  return i16x8.shuffle(even, odd, 0, 9, 2, 11, 4, 13, 6, 15);
}

/** Filters the first sample of each row of sums, or else of samples, along the row. */
// @ts-ignore: decorator
@inline
function filterColumnOf(
  isOfSums: bool,
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
): void {
  const weights = tapCount == 8 ? v128.load(taps) : tapCount == 4 ? v128.load64_zero(taps) : v128.load32_zero(taps);
  const half = i32x4.splat(isOfSums ? 0 : HALF);
  for (let row = 0; row < height; row += 4) {
    // The last four may overlap those before.
    const top = min(row, height - 4);
    const from = source + top * sourceStride;
    const a = i32x4.dot_i16x8_s(loadEight(isOfSums, from), weights);
    const b = i32x4.dot_i16x8_s(loadEight(isOfSums, from + sourceStride), weights);
    const c = i32x4.dot_i16x8_s(loadEight(isOfSums, from + 2 * sourceStride), weights);
    const d = i32x4.dot_i16x8_s(loadEight(isOfSums, from + 3 * sourceStride), weights);
    const ab = i32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
    const cd = i32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
    const sums = i32x4.add(half, i32x4.add(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3)));
    const values = i32x4.shr_s(sums, isOfSums ? TWO_STAGES : ONE_STAGE);
    const samples = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(values, values), values);
    const to = target + top * targetStride;
    v128.store8_lane(to, samples, 0);
    v128.store8_lane(to + targetStride, samples, 1);
    v128.store8_lane(to + 2 * targetStride, samples, 2);
    v128.store8_lane(to + 3 * targetStride, samples, 3);
  }
}

/** Eight sums, or else samples. */
// @ts-ignore: decorator
@inline
function loadEight(isOfSums: bool, at: usize): v128 {
  return isOfSums ? v128.load(at) : v128.load8x8_u(at);
}

/** The sum of `count` weighted rows of 8 samples, `step` bytes apart, and half a unit. */
// @ts-ignore: decorator
@inline
function weigh(
  count: i32,
  at: usize,
  step: i32,
  t0: v128,
  t1: v128,
  t2: v128,
  t3: v128,
  t4: v128,
  t5: v128,
  t6: v128,
  t7: v128,
): v128 {
  let sum = addProduct(i16x8.splat(HALF), v128.load8x8_u(at), t0);
  sum = addProduct(sum, v128.load8x8_u(at + step), t1);
  if (count > 2) {
    sum = addProduct(sum, v128.load8x8_u(at + 2 * step), t2);
    sum = addProduct(sum, v128.load8x8_u(at + 3 * step), t3);
  }
  if (count > 4) {
    sum = addProduct(sum, v128.load8x8_u(at + 4 * step), t4);
    sum = addProduct(sum, v128.load8x8_u(at + 5 * step), t5);
    sum = addProduct(sum, v128.load8x8_u(at + 6 * step), t6);
    sum = addProduct(sum, v128.load8x8_u(at + 7 * step), t7);
  }
  return sum;
}
