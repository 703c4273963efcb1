import { transformInput, transformOutput, transformPairs, transformRows } from './scratch';

/**
 * Analysis of a large block (encoder only): the lowest `keep` x `keep` frequencies of the residual (int16 [size, size]).
 * `matrix` is int16 [keep, size], orthonormal times 2^15; `scan` names the frequency, `vertical * keep + horizontal`, of
 * each output. Outputs (int32, times 2^15) are written every `outputStep` words. Returns the sum of their squares.
 */
export function forwardSeparable(
  residual: usize,
  size: i32,
  matrix: usize,
  keep: i32,
  scan: usize,
  output: usize,
  outputStep: i32,
): f32 {
  const rows = transformRows;
  const bytes = size << 1;
  for (let x = 0; x < size; x += 8) {
    interleaveRows(residual + (x << 1), size);
    for (let k = 0; k < keep; k += 2) transformColumns(matrix + k * bytes, size, rows + k * bytes + (x << 1));
  }
  const all = transformOutput;
  const unit = f32x4.splat(1.0 / 32768.0);
  let squares = f32x4.splat(0);
  for (let v = 0; v < keep; v++) {
    for (let h = 0; h < keep; h += 4) {
      const four = i32x4.shr_s(fourProducts(rows + v * bytes, matrix + h * bytes, bytes), 2);
      v128.store(all + ((v * keep + h) << 2), four);
      const values = f32x4.mul(f32x4.convert_i32x4_s(four), unit);
      squares = f32x4.add(squares, f32x4.mul(values, values));
    }
  }
  for (let i = 0; i < keep * keep; i++) {
    store<i32>(output, load<i32>(all + (<usize>load<u8>(scan + i) << 2)));
    output += outputStep << 2;
  }
  return (
    f32x4.extract_lane(squares, 0) +
    f32x4.extract_lane(squares, 1) +
    (f32x4.extract_lane(squares, 2) + f32x4.extract_lane(squares, 3))
  );
}

/** Interleaves each two of `size` rows of 8 values, `size` values apart, for products of pairs. */
// @ts-ignore: decorator
@inline
function interleaveRows(from: usize, size: i32): void {
  const bytes = size << 1;
  let to = transformPairs;
  for (let y = 0; y < size; y += 2) {
    const upper = v128.load(from);
    const lower = v128.load(from + bytes);
    v128.store(to, i16x8.shuffle(upper, lower, 0, 8, 1, 9, 2, 10, 3, 11));
    v128.store(to, i16x8.shuffle(upper, lower, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    from += 2 * bytes;
    to += 32;
  }
}

/**
 * First stage for 8 columns and two frequencies, whose weights stand at `weights`: what is interleaved becomes two rows at
 * `to`, in quarters, so neither this stage nor the next one overflows.
 */
// @ts-ignore: decorator
@inline
function transformColumns(weights: usize, size: i32, to: usize): void {
  const bytes = size << 1;
  const round = i32x4.splat(1 << 12);
  let low0 = round;
  let high0 = round;
  let low1 = round;
  let high1 = round;
  let from = transformPairs;
  for (let at = 0; at < bytes; at += 4) {
    const low = v128.load(from);
    const high = v128.load(from, 16);
    const weight0 = v128.load32_splat(weights + at);
    const weight1 = v128.load32_splat(weights + bytes + at);
    low0 = i32x4.add(low0, i32x4.dot_i16x8_s(low, weight0));
    high0 = i32x4.add(high0, i32x4.dot_i16x8_s(high, weight0));
    low1 = i32x4.add(low1, i32x4.dot_i16x8_s(low, weight1));
    high1 = i32x4.add(high1, i32x4.dot_i16x8_s(high, weight1));
    from += 32;
  }
  v128.store(to, i16x8.narrow_i32x4_s(i32x4.shr_s(low0, 13), i32x4.shr_s(high0, 13)));
  v128.store(to + bytes, i16x8.narrow_i32x4_s(i32x4.shr_s(low1, 13), i32x4.shr_s(high1, 13)));
}

/** Inner products of a row of `bytes` with four rows of weights. */
// @ts-ignore: decorator
@inline
function fourProducts(row: usize, weights: usize, bytes: i32): v128 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let at = 0; at < bytes; at += 16) {
    const values = v128.load(row + at);
    a = i32x4.add(a, i32x4.dot_i16x8_s(values, v128.load(weights + at)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(values, v128.load(weights + bytes + at)));
    c = i32x4.add(c, i32x4.dot_i16x8_s(values, v128.load(weights + 2 * bytes + at)));
    d = i32x4.add(d, i32x4.dot_i16x8_s(values, v128.load(weights + 3 * bytes + at)));
  }
  const ab = i32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
  return i32x4.add(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3));
}

// Coefficients of larger blocks are larger: to fit 16 bits, those of size 16 are in 1/8, 32 in 1/4, 64 in 1/2.
// @ts-ignore: decorator
@inline
function unitShift(size: i32): i32 {
  return ctz(size) - 4;
}

/**
 * Dequantises tokens for `inverseSeparable`: int16 at every `tokenStep`, `steps` int32 in 1/8, `scan` as in
 * `forwardSeparable`, `offset1` and `offset2` the reconstruction offsets (1/256 step) of magnitude 1 and of larger ones.
 * Returns the number of rows of frequencies up to the last one with a token that is not zero.
 */
export function dequantiseSeparable(
  tokens: usize,
  tokenStep: i32,
  size: i32,
  keep: i32,
  scan: usize,
  steps: usize,
  offset1: i32,
  offset2: i32,
): i32 {
  const count = keep * keep;
  const input = transformInput;
  const shift = unitShift(size);
  const half = (1 << shift) >> 1;
  memory.fill(input, 0, count << 1);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const token = <i32>load<i16>(tokens + ((i * tokenStep) << 1));
    if (token == 0) continue;
    const magnitude = abs(token);
    const step = load<i32>(steps + (i << 2));
    const eighths = magnitude * step - ((step * (magnitude == 1 ? offset1 : offset2)) >> 8);
    const value = min((eighths + half) >> shift, 32767);
    const frequency = <i32>load<u8>(scan + i);
    store<i16>(input + (frequency << 1), <i16>(token < 0 ? -value : value));
    last = max(last, frequency / keep + 1);
  }
  return last;
}

/**
 * Synthesis of a large block (FORMAT.md section 10): adds the residual of the values that `dequantiseSeparable` left to the
 * `size` x `size` samples at `target`.
 *
 * - `used`: what that function returned.
 */
export function inverseSeparable(size: i32, matrix: usize, keep: i32, used: i32, target: usize, stride: i32): void {
  const input = transformInput;
  const rows = transformRows;
  const rowBytes = keep << 1;
  const columnShift = 15 - unitShift(size);
  const columnRound = i32x4.splat(1 << (columnShift - 1));
  for (let y = 0; y < size; y++) {
    for (let l = 0; l < keep; l += 8) {
      let low = columnRound;
      let high = columnRound;
      for (let k = 0; k < used; k++) {
        const weight = i16x8.splat(load<i16>(matrix + ((k * size + y) << 1)));
        const values = v128.load(input + k * rowBytes + (l << 1));
        low = i32x4.add(low, i32x4.extmul_low_i16x8_s(values, weight));
        high = i32x4.add(high, i32x4.extmul_high_i16x8_s(values, weight));
      }
      const narrow = i16x8.narrow_i32x4_s(i32x4.shr_s(low, columnShift), i32x4.shr_s(high, columnShift));
      v128.store(rows + y * rowBytes + (l << 1), narrow);
    }
  }
  const round = i32x4.splat(1 << 17);
  const smallest = i16x8.splat(-1024);
  const largest = i16x8.splat(1023);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x += 8) {
      let low = round;
      let high = round;
      for (let l = 0; l < keep; l++) {
        const value = i16x8.splat(load<i16>(rows + y * rowBytes + (l << 1)));
        const weights = v128.load(matrix + ((l * size + x) << 1));
        low = i32x4.add(low, i32x4.extmul_low_i16x8_s(weights, value));
        high = i32x4.add(high, i32x4.extmul_high_i16x8_s(weights, value));
      }
      const narrow = i16x8.narrow_i32x4_s(i32x4.shr_s(low, 18), i32x4.shr_s(high, 18));
      const residual = i16x8.min_s(i16x8.max_s(narrow, smallest), largest);
      const sample = target + y * stride + x;
      const sum = i16x8.add(v128.load8x8_u(sample), residual);
      v128.store64_lane(sample, i8x16.narrow_i16x8_u(sum, sum), 0);
    }
  }
}
