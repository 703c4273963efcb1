import { transformInput, transformOutput, transformPairs, transformRows } from './scratch';
import { addResiduals, fourProducts } from './transform';

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
    interleaveRows(residual + (x << 1), bytes, size);
    for (let k = 0; k < keep; k += 4) transformColumns(matrix + k * bytes, size, rows + k * bytes + (x << 1));
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
  const step = outputStep << 2;
  for (let i = 0; i < keep * keep; i += 4) {
    copyWord(all, scan, output);
    copyWord(all, scan + 1, output + step);
    copyWord(all, scan + 2, output + 2 * step);
    copyWord(all, scan + 3, output + 3 * step);
    scan += 4;
    output += 4 * step;
  }
  return (
    f32x4.extract_lane(squares, 0) +
    f32x4.extract_lane(squares, 1) +
    (f32x4.extract_lane(squares, 2) + f32x4.extract_lane(squares, 3))
  );
}

/** Copies the word of `from` whose number stands at `place`. */
// @ts-ignore: decorator
@inline
function copyWord(from: usize, place: usize, to: usize): void {
  store<i32>(to, load<i32>(from + (<usize>load<u8>(place) << 2)));
}

/** Interleaves each two of `count` rows of 8 values, `bytes` apart, for products of pairs. */
// @ts-ignore: decorator
@inline
function interleaveRows(from: usize, bytes: i32, count: i32): void {
  let to = transformPairs;
  for (let row = 0; row < count; row += 2) {
    const upper = v128.load(from);
    const lower = v128.load(from + bytes);
    v128.store(to, i16x8.shuffle(upper, lower, 0, 8, 1, 9, 2, 10, 3, 11));
    v128.store(to, i16x8.shuffle(upper, lower, 4, 12, 5, 13, 6, 14, 7, 15), 16);
    from += 2 * bytes;
    to += 32;
  }
}

/**
 * First stage for 8 columns and four frequencies, whose weights stand at `weights`: what is interleaved becomes four rows
 * at `to`, in quarters, so neither this stage nor the next one overflows.
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
  let low2 = round;
  let high2 = round;
  let low3 = round;
  let high3 = round;
  let from = transformPairs;
  for (let at = 0; at < bytes; at += 4) {
    const low = v128.load(from);
    const high = v128.load(from, 16);
    let weight = v128.load32_splat(weights + at);
    low0 = i32x4.add(low0, i32x4.dot_i16x8_s(low, weight));
    high0 = i32x4.add(high0, i32x4.dot_i16x8_s(high, weight));
    weight = v128.load32_splat(weights + bytes + at);
    low1 = i32x4.add(low1, i32x4.dot_i16x8_s(low, weight));
    high1 = i32x4.add(high1, i32x4.dot_i16x8_s(high, weight));
    weight = v128.load32_splat(weights + 2 * bytes + at);
    low2 = i32x4.add(low2, i32x4.dot_i16x8_s(low, weight));
    high2 = i32x4.add(high2, i32x4.dot_i16x8_s(high, weight));
    weight = v128.load32_splat(weights + 3 * bytes + at);
    low3 = i32x4.add(low3, i32x4.dot_i16x8_s(low, weight));
    high3 = i32x4.add(high3, i32x4.dot_i16x8_s(high, weight));
    from += 32;
  }
  v128.store(to, quarters(low0, high0));
  v128.store(to + bytes, quarters(low1, high1));
  v128.store(to + 2 * bytes, quarters(low2, high2));
  v128.store(to + 3 * bytes, quarters(low3, high3));
}

// @ts-ignore: decorator
@inline
function quarters(low: v128, high: v128): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(low, 13), i32x4.shr_s(high, 13));
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
  const rows = transformRows;
  const pairs = transformPairs;
  const bytes = size << 1;
  const rowBytes = keep << 1;
  const columnShift = 15 - unitShift(size);
  const columnRound = i32x4.splat(1 << (columnShift - 1));
  for (let l = 0; l < rowBytes; l += 16) {
    // A row after an odd number of them is zero.
    interleaveRows(transformInput + l, rowBytes, used);
    for (let y = 0; y < bytes; y += 2) {
      let low = columnRound;
      let high = columnRound;
      let weights = matrix + y;
      let from = pairs;
      for (let k = 0; k < used; k += 2) {
        const weight = pairOf(v128.load16_splat(weights), v128.load16_splat(weights + bytes));
        low = i32x4.add(low, i32x4.dot_i16x8_s(v128.load(from), weight));
        high = i32x4.add(high, i32x4.dot_i16x8_s(v128.load(from, 16), weight));
        weights += 2 * bytes;
        from += 32;
      }
      const narrow = i16x8.narrow_i32x4_s(i32x4.shr_s(low, columnShift), i32x4.shr_s(high, columnShift));
      v128.store(rows + (y >> 1) * rowBytes + l, narrow);
    }
  }
  const round = i32x4.splat(1 << 17);
  for (let x = 0; x < size; x += 8) {
    interleaveRows(matrix + (x << 1), bytes, keep);
    let row = rows;
    let to = target + x;
    for (let y = 0; y < size; y += 2) {
      let low0 = round;
      let high0 = round;
      let low1 = round;
      let high1 = round;
      let from = pairs;
      for (let l = 0; l < rowBytes; l += 4) {
        const low = v128.load(from);
        const high = v128.load(from, 16);
        const value0 = v128.load32_splat(row + l);
        const value1 = v128.load32_splat(row + rowBytes + l);
        low0 = i32x4.add(low0, i32x4.dot_i16x8_s(low, value0));
        high0 = i32x4.add(high0, i32x4.dot_i16x8_s(high, value0));
        low1 = i32x4.add(low1, i32x4.dot_i16x8_s(low, value1));
        high1 = i32x4.add(high1, i32x4.dot_i16x8_s(high, value1));
        from += 32;
      }
      addResiduals(to, low0, high0);
      addResiduals(to + stride, low1, high1);
      row += 2 * rowBytes;
      to += 2 * stride;
    }
  }
}

/** Even lanes of `first` and odd ones of `second`, int16. */
// @ts-ignore: decorator
@inline
function pairOf(first: v128, second: v128): v128 {
  return i16x8.shuffle(first, second, 0, 9, 2, 11, 4, 13, 6, 15);
}
