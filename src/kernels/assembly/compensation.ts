import { interpolationRows } from './scratch';
import { MACROBLOCK } from './sizes';

/**
 * Motion compensation of one block by separable interpolation (FORMAT.md section 10).
 * `taps` points at `phases` rows of `tapCount` (4 or 8) int16 coefficients; `source` at the whole-sample position.
 * `width` is 4, 8 or 16; rows of 16-bit intermediates never overflow because taps' magnitudes sum to at most 128.
 */
export function compensate(
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
  taps: usize,
  tapCount: i32,
  phaseX: i32,
  phaseY: i32,
): void {
  const before = (tapCount >> 1) - 1;
  if (phaseX == 0 && phaseY == 0) {
    for (let row = 0; row < height; row++) {
      memory.copy(target + row * targetStride, source + row * sourceStride, width);
    }
    return;
  }
  const tapsX = taps + ((phaseX * tapCount) << 1);
  const tapsY = taps + ((phaseY * tapCount) << 1);
  const rounding = i16x8.splat(32);
  if (phaseY == 0) {
    for (let row = 0; row < height; row++) {
      const line = source + row * sourceStride - before;
      for (let column = 0; column < width; column += 8) {
        const sum = horizontal(line + column, tapsX, tapCount);
        const samples = i8x16.narrow_i16x8_u(i16x8.shr_s(i16x8.add_sat_s(sum, rounding), 6), rounding);
        storeSamples(target + row * targetStride + column, samples, width);
      }
    }
    return;
  }
  const rows = interpolationRows;
  const lines = height + tapCount - 1;
  for (let row = 0; row < lines; row++) {
    const line = source + (row - before) * sourceStride;
    for (let column = 0; column < width; column += 8) {
      const sum =
        phaseX == 0 ? v128.load8x8_u(line + column) : horizontal(line + column - before, tapsX, tapCount);
      v128.store(rows + ((row * MACROBLOCK + column) << 1), sum);
    }
  }
  const shift = phaseX == 0 ? 6 : 12;
  const round = i32x4.splat(phaseX == 0 ? 32 : 2048);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column += 8) {
      let low = round;
      let high = round;
      for (let tap = 0; tap < tapCount; tap += 2) {
        const pair = v128.load32_splat(tapsY + (tap << 1));
        const upper = v128.load(rows + (((row + tap) * MACROBLOCK + column) << 1));
        const lower = v128.load(rows + (((row + tap + 1) * MACROBLOCK + column) << 1));
        low = i32x4.add(low, i32x4.dot_i16x8_s(i16x8.shuffle(upper, lower, 0, 8, 1, 9, 2, 10, 3, 11), pair));
        high = i32x4.add(high, i32x4.dot_i16x8_s(i16x8.shuffle(upper, lower, 4, 12, 5, 13, 6, 14, 7, 15), pair));
      }
      const narrow = i16x8.narrow_i32x4_s(i32x4.shr_s(low, shift), i32x4.shr_s(high, shift));
      storeSamples(target + row * targetStride + column, i8x16.narrow_i16x8_u(narrow, narrow), width);
    }
  }
}

/** Motion compensation of a square luma block of any size: `compensate` for each 16x16 of it. */
export function compensateSquare(
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  size: i32,
  taps: usize,
  tapCount: i32,
  phaseX: i32,
  phaseY: i32,
): void {
  const part = min(size, MACROBLOCK);
  for (let row = 0; row < size; row += part) {
    for (let column = 0; column < size; column += part) {
      compensate(
        source + row * sourceStride + column,
        sourceStride,
        target + row * targetStride + column,
        targetStride,
        part,
        part,
        taps,
        tapCount,
        phaseX,
        phaseY,
      );
    }
  }
}

/** Rounded average of two `width` x `height` blocks into `target`; width 4, 8 or a multiple of 16. */
export function averageBlocks(
  a: usize,
  strideA: i32,
  b: usize,
  strideB: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
): void {
  for (let row = 0; row < height; row++) {
    const x = a + row * strideA;
    const y = b + row * strideB;
    const to = target + row * targetStride;
    if (width < MACROBLOCK) {
      storeSamples(to, i8x16.avgr_u(v128.load64_zero(x), v128.load64_zero(y)), width);
    } else {
      for (let column = 0; column < width; column += MACROBLOCK) {
        v128.store(to + column, i8x16.avgr_u(v128.load(x + column), v128.load(y + column)));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function horizontal(line: usize, taps: usize, tapCount: i32): v128 {
  let sum = i16x8.mul(v128.load8x8_u(line), v128.load16_splat(taps));
  for (let tap = 1; tap < tapCount; tap++) {
    sum = i16x8.add(sum, i16x8.mul(v128.load8x8_u(line + tap), v128.load16_splat(taps + (tap << 1))));
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function storeSamples(target: usize, samples: v128, width: i32): void {
  if (width == 4) v128.store32_lane(target, samples, 0);
  else v128.store64_lane(target, samples, 0);
}
