/**
 * Stages of separable interpolation. Taps are int16; `tapCount` is 2, 4 or 8, and the middle pair weighs the sample at
 * the whole position and the next one. Taps sum to 64 and those below 0 to at least -64, so a stage fits 16 bits.
 *
 * Rows that one stage leaves to the next stand in blocks of 8 columns: each block has its rows one after another, as
 * vectors of int16. `pairs` has each row interleaved with the one below it, two vectors a row.
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
  if (tapCount == 8) filterSamples(8, first, sourceStride, 1, target, targetStride, width, height, taps);
  else if (tapCount == 4) filterSamples(4, first, sourceStride, 1, target, targetStride, width, height, taps);
  else filterSamples(2, first, sourceStride, 1, target, targetStride, width, height, taps);
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
  if (tapCount == 8) filterSamples(8, first, sourceStride, sourceStride, target, targetStride, width, height, taps);
  else if (tapCount == 4) filterSamples(4, first, sourceStride, sourceStride, target, targetStride, width, height, taps);
  else filterSamples(2, first, sourceStride, sourceStride, target, targetStride, width, height, taps);
}

/**
 * First of two stages: filters `lines` rows along themselves, `blocks` times 8 columns, into `rows` and `pairs`; the last
 * row has no pair.
 */
export function filterRows(
  source: usize,
  sourceStride: i32,
  blocks: i32,
  lines: i32,
  taps: usize,
  tapCount: i32,
  rows: usize,
  pairs: usize,
): void {
  const first = source - before(tapCount);
  if (tapCount == 8) filterRowsBy(8, first, sourceStride, blocks, lines, taps, rows, pairs);
  else if (tapCount == 4) filterRowsBy(4, first, sourceStride, blocks, lines, taps, rows, pairs);
  else filterRowsBy(2, first, sourceStride, blocks, lines, taps, rows, pairs);
}

/** Second stage where there is nothing to filter: rounds `height` rows from `line` on. */
export function roundRows(
  rows: usize,
  lines: i32,
  line: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
): void {
  const rounding = i16x8.splat(HALF);
  for (let column = 0; column < width; column += 8) {
    let from = rows + (((column >> 3) * lines + line) << 4);
    let to = target + column;
    for (let row = 0; row < height; row++) {
      const sum = i16x8.shr_s(i16x8.add_sat_s(v128.load(from), rounding), ONE_STAGE);
      storeSamples(to, i8x16.narrow_i16x8_u(sum, sum), width);
      from += 16;
      to += targetStride;
    }
  }
}

/** Second stage: filters `height` rows along columns; the first tap of the first one weighs row `line`. */
export function filterPairs(
  pairs: usize,
  lines: i32,
  line: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
): void {
  if (tapCount == 8) filterPairsBy(8, pairs, lines, line, target, targetStride, width, height, taps);
  else if (tapCount == 4) filterPairsBy(4, pairs, lines, line, target, targetStride, width, height, taps);
  else filterPairsBy(2, pairs, lines, line, target, targetStride, width, height, taps);
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

// The functions below are inlined with a constant number of taps, so that all taps stay in registers.

// @ts-ignore: decorator
@inline
function filterSamples(
  count: i32,
  source: usize,
  sourceStride: i32,
  step: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
): void {
  const rounding = i16x8.splat(HALF);
  const t0 = v128.load16_splat(taps);
  const t1 = v128.load16_splat(taps, 2);
  const t2 = count > 2 ? v128.load16_splat(taps, 4) : rounding;
  const t3 = count > 2 ? v128.load16_splat(taps, 6) : rounding;
  const t4 = count > 4 ? v128.load16_splat(taps, 8) : rounding;
  const t5 = count > 4 ? v128.load16_splat(taps, 10) : rounding;
  const t6 = count > 4 ? v128.load16_splat(taps, 12) : rounding;
  const t7 = count > 4 ? v128.load16_splat(taps, 14) : rounding;
  for (let column = 0; column < width; column += 8) {
    let from = source + column;
    let to = target + column;
    for (let row = 0; row < height; row++) {
      const all = weigh(count, from, step, t0, t1, t2, t3, t4, t5, t6, t7);
      const sum = i16x8.shr_s(i16x8.add_sat_s(all, rounding), ONE_STAGE);
      storeSamples(to, i8x16.narrow_i16x8_u(sum, sum), width);
      from += sourceStride;
      to += targetStride;
    }
  }
}

// @ts-ignore: decorator
@inline
function filterRowsBy(
  count: i32,
  source: usize,
  sourceStride: i32,
  blocks: i32,
  lines: i32,
  taps: usize,
  rows: usize,
  pairs: usize,
): void {
  const none = i16x8.splat(0);
  const t0 = v128.load16_splat(taps);
  const t1 = v128.load16_splat(taps, 2);
  const t2 = count > 2 ? v128.load16_splat(taps, 4) : none;
  const t3 = count > 2 ? v128.load16_splat(taps, 6) : none;
  const t4 = count > 4 ? v128.load16_splat(taps, 8) : none;
  const t5 = count > 4 ? v128.load16_splat(taps, 10) : none;
  const t6 = count > 4 ? v128.load16_splat(taps, 12) : none;
  const t7 = count > 4 ? v128.load16_splat(taps, 14) : none;
  for (let block = 0; block < blocks; block++) {
    let from = source + (block << 3);
    let to = rows + ((block * lines) << 4);
    let pair = pairs + ((block * lines) << 5);
    let above = weigh(count, from, 1, t0, t1, t2, t3, t4, t5, t6, t7);
    v128.store(to, above);
    for (let line = 1; line < lines; line++) {
      from += sourceStride;
      to += 16;
      const row = weigh(count, from, 1, t0, t1, t2, t3, t4, t5, t6, t7);
      v128.store(to, row);
      v128.store(pair, i16x8.shuffle(above, row, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(pair, i16x8.shuffle(above, row, 4, 12, 5, 13, 6, 14, 7, 15), 16);
      above = row;
      pair += 32;
    }
  }
}

// @ts-ignore: decorator
@inline
function filterPairsBy(
  count: i32,
  pairs: usize,
  lines: i32,
  line: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
): void {
  const rounding = i32x4.splat(1 << (TWO_STAGES - 1));
  const t0 = v128.load32_splat(taps);
  const t2 = count > 2 ? v128.load32_splat(taps, 4) : rounding;
  const t4 = count > 4 ? v128.load32_splat(taps, 8) : rounding;
  const t6 = count > 4 ? v128.load32_splat(taps, 12) : rounding;
  for (let column = 0; column < width; column += 8) {
    let from = pairs + (((column >> 3) * lines + line) << 5);
    let to = target + column;
    for (let row = 0; row < height; row++) {
      let low = i32x4.add(rounding, i32x4.dot_i16x8_s(v128.load(from), t0));
      let high = i32x4.add(rounding, i32x4.dot_i16x8_s(v128.load(from, 16), t0));
      if (count > 2) {
        low = i32x4.add(low, i32x4.dot_i16x8_s(v128.load(from, 64), t2));
        high = i32x4.add(high, i32x4.dot_i16x8_s(v128.load(from, 80), t2));
      }
      if (count > 4) {
        low = i32x4.add(low, i32x4.dot_i16x8_s(v128.load(from, 128), t4));
        high = i32x4.add(high, i32x4.dot_i16x8_s(v128.load(from, 144), t4));
        low = i32x4.add(low, i32x4.dot_i16x8_s(v128.load(from, 192), t6));
        high = i32x4.add(high, i32x4.dot_i16x8_s(v128.load(from, 208), t6));
      }
      const sum = i16x8.narrow_i32x4_s(i32x4.shr_s(low, TWO_STAGES), i32x4.shr_s(high, TWO_STAGES));
      storeSamples(to, i8x16.narrow_i16x8_u(sum, sum), width);
      from += 32;
      to += targetStride;
    }
  }
}

/** The sum of `count` weighted rows of 8 samples, `step` bytes apart. */
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
  let sum = i16x8.add(i16x8.mul(v128.load8x8_u(at), t0), i16x8.mul(v128.load8x8_u(at + step), t1));
  if (count > 2) {
    sum = i16x8.add(sum, i16x8.mul(v128.load8x8_u(at + 2 * step), t2));
    sum = i16x8.add(sum, i16x8.mul(v128.load8x8_u(at + 3 * step), t3));
  }
  if (count > 4) {
    sum = i16x8.add(sum, i16x8.mul(v128.load8x8_u(at + 4 * step), t4));
    sum = i16x8.add(sum, i16x8.mul(v128.load8x8_u(at + 5 * step), t5));
    sum = i16x8.add(sum, i16x8.mul(v128.load8x8_u(at + 6 * step), t6));
    sum = i16x8.add(sum, i16x8.mul(v128.load8x8_u(at + 7 * step), t7));
  }
  return sum;
}
