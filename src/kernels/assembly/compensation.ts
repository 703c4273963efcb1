import { twoRows } from './distortion';
import { before, filterAcross, filterDown, filterSums, storeSamples, storeTwoRows, sumColumns } from './interpolation';
import { columnSums } from './scratch';
import { MACROBLOCK } from './sizes';

/**
 * Motion compensation of one block by separable interpolation (FORMAT.md section 10).
 * `taps` points at `phases` rows of `tapCount` (2, 4 or 8) int16 coefficients; `source` at the whole-sample position.
 * `width` is 4 or a multiple of 8 up to 64. Taps: see `interpolation.ts`.
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
  const tapsX = taps + ((phaseX * tapCount) << 1);
  const tapsY = taps + ((phaseY * tapCount) << 1);
  if (phaseX == 0 && phaseY == 0) {
    copySamples(source, sourceStride, target, targetStride, width, height);
  } else if (phaseY == 0) {
    filterAcross(source, sourceStride, target, targetStride, width, height, tapsX, tapCount);
  } else if (phaseX == 0) {
    filterDown(source, sourceStride, target, targetStride, width, height, tapsY, tapCount);
  } else {
    const columns = (width + tapCount + 6) & -8;
    sumColumns(source - before(tapCount), sourceStride, columnSums, columns, height, tapsY, tapCount);
    filterSums(columnSums, target, targetStride, width, height, tapsX, tapCount);
  }
}

/** Rounded average of two `width` x `height` blocks into `target`; width 4, 8 or a multiple of 16, height even. */
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
  if (width < MACROBLOCK) {
    for (let row = 0; row < height; row += 2) {
      storeTwoRows(target, targetStride, i8x16.avgr_u(twoRows(a, strideA), twoRows(b, strideB)), width);
      a += 2 * strideA;
      b += 2 * strideB;
      target += 2 * targetStride;
    }
    return;
  }
  for (let column = 0; column < width; column += MACROBLOCK) {
    let x = a + column;
    let y = b + column;
    let to = target + column;
    for (let row = 0; row < height; row += 2) {
      v128.store(to, i8x16.avgr_u(v128.load(x), v128.load(y)));
      v128.store(to + targetStride, i8x16.avgr_u(v128.load(x + strideA), v128.load(y + strideB)));
      x += 2 * strideA;
      y += 2 * strideB;
      to += 2 * targetStride;
    }
  }
}

/**
 * Twice the block `a` less the block `b`, limited to 0..255, into `target`: the prediction whose average with `b` is `a`
 * (encoder only). `width` is a multiple of 8.
 */
export function aimBlock(
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
    for (let column = 0; column < width; column += 8) {
      const twice = i16x8.shl(v128.load8x8_u(a + column), 1);
      const value = i16x8.sub(twice, v128.load8x8_u(b + column));
      v128.store64_lane(target + column, i8x16.narrow_i16x8_u(value, value), 0);
    }
    a += strideA;
    b += strideB;
    target += targetStride;
  }
}

function copySamples(
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
): void {
  for (let row = 0; row < height; row++) {
    if (width < MACROBLOCK) {
      storeSamples(target, v128.load64_zero(source), width);
    } else {
      for (let column = 0; column < width; column += MACROBLOCK) v128.store(target + column, v128.load(source + column));
    }
    source += sourceStride;
    target += targetStride;
  }
}
