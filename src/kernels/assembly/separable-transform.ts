import { transformInput, transformRows } from './scratch';

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
  const round = i32x4.splat(1 << 12);
  for (let k = 0; k < keep; k++) {
    const weights = matrix + ((k * size) << 1);
    for (let x = 0; x < size; x += 8) {
      let low = round;
      let high = round;
      for (let y = 0; y < size; y++) {
        const weight = i16x8.splat(load<i16>(weights + (y << 1)));
        const values = v128.load(residual + ((y * size + x) << 1));
        low = i32x4.add(low, i32x4.extmul_low_i16x8_s(values, weight));
        high = i32x4.add(high, i32x4.extmul_high_i16x8_s(values, weight));
      }
      // Quarters: so neither this stage nor the next one overflows.
      v128.store(rows + ((k * size + x) << 1), i16x8.narrow_i32x4_s(i32x4.shr_s(low, 13), i32x4.shr_s(high, 13)));
    }
  }
  const bytes = size << 1;
  const unit: f32 = 1.0 / 32768.0;
  let energy: f32 = 0;
  for (let i = 0; i < keep * keep; i++) {
    const frequency = <i32>load<u8>(scan + i);
    const row = rows + (frequency / keep) * bytes;
    const weights = matrix + (frequency % keep) * bytes;
    let sum = i32x4.splat(0);
    for (let at = 0; at < bytes; at += 16) {
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load(row + at), v128.load(weights + at)));
    }
    const total =
      i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3);
    store<i32>(output, total >> 2);
    const value = <f32>(total >> 2) * unit;
    energy += value * value;
    output += outputStep << 2;
  }
  return energy;
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
