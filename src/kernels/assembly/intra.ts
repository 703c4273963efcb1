import { boundaryDifference } from './scratch';
import { MACROBLOCK } from './sizes';

/**
 * Gathers the 3N + 1 boundary samples of a block (corner, 2N above, N left; FORMAT.md section 10) as bytes.
 * `block` points at the block's first sample inside its plane.
 */
export function intraBoundary(
  block: usize,
  stride: i32,
  size: i32,
  hasTop: bool,
  hasLeft: bool,
  hasTopRight: bool,
  boundary: usize,
): void {
  const top = boundary + 1;
  const left = boundary + 1 + 2 * size;
  if (!hasTop && !hasLeft) {
    memory.fill(boundary, 128, 3 * size + 1);
    return;
  }
  if (hasTop) {
    memory.copy(top, block - stride, size);
    if (hasTopRight) memory.copy(top + size, block - stride + size, size);
    else memory.fill(top + size, load<u8>(top + size - 1), size);
  } else {
    memory.fill(top, load<u8>(block - 1), 2 * size);
  }
  if (hasLeft) {
    for (let row = 0; row < size; row++) store<u8>(left + row, load<u8>(block + row * stride - 1));
  } else {
    memory.fill(left, load<u8>(top), size);
  }
  store<u8>(boundary, hasTop && hasLeft ? load<u8>(block - stride - 1) : hasTop ? load<u8>(top) : load<u8>(left));
}

/**
 * Predicts a block from its boundary by a matrix in 1/64, of which only the parts that are not zero are stored. A part has
 * the weights of two boundary samples, an even one and the next, in four samples of a row. At `matrix` stand
 *
 * - the distance to the parts' weights, int32;
 * - how many parts each four samples of the block have, uint8 [size * size / 4];
 * - the first boundary sample of each part, halved, uint8;
 * - after `distance` bytes, weights of each part, int16 [4 samples, 2].
 */
export function intraPredict(boundary: usize, size: i32, matrix: usize, target: usize, targetStride: i32): void {
  let total = size;
  for (let i = 0; i < size; i += 8) {
    total += sumOf8(boundary + 1 + i) + sumOf8(boundary + 1 + 2 * size + i);
  }
  const dc = total >> (size == MACROBLOCK ? 5 : 4);
  const mean = i16x8.splat(<i16>dc);
  const difference = boundaryDifference;
  for (let i = 0; i <= 3 * size; i += 8) {
    v128.store(difference + (i << 1), i16x8.sub(v128.load8x8_u(boundary + i), mean));
  }
  const rounding = i32x4.splat(32);
  let counts = matrix + 4;
  let columns = counts + ((size * size) >> 2);
  let weights = matrix + load<i32>(matrix);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column += 8) {
      let low = rounding;
      for (let left = <i32>load<u8>(counts); left > 0; left--) {
        const pair = v128.load32_splat(difference + (<usize>load<u8>(columns) << 2));
        low = i32x4.add(low, i32x4.dot_i16x8_s(pair, v128.load(weights)));
        columns++;
        weights += 16;
      }
      let high = rounding;
      for (let left = <i32>load<u8>(counts, 1); left > 0; left--) {
        const pair = v128.load32_splat(difference + (<usize>load<u8>(columns) << 2));
        high = i32x4.add(high, i32x4.dot_i16x8_s(pair, v128.load(weights)));
        columns++;
        weights += 16;
      }
      counts += 2;
      const change = i16x8.narrow_i32x4_s(i32x4.shr_s(low, 6), i32x4.shr_s(high, 6));
      const samples = i16x8.add(change, mean);
      v128.store64_lane(target + row * targetStride + column, i8x16.narrow_i16x8_u(samples, samples), 0);
    }
  }
}

/** Mean of the 2x2 luma samples at `at`: what stands at the place of one chroma sample. */
// @ts-ignore: decorator
@inline
function halfLuma(at: usize, stride: i32): i32 {
  const sum =
    <i32>load<u8>(at) + <i32>load<u8>(at, 1) + <i32>load<u8>(at + stride) + <i32>load<u8>(at + stride, 1);
  return (sum + 2) >> 2;
}

/**
 * Predicts a chroma block of `size` x `size` from the luma at the same place by a line, fitted to the samples above and to
 * the left (FORMAT.md section 10, "Chroma from luma"). `edgeLuma` and `edge` point at the block in the planes that hold
 * these samples, `luma` and `target` at the block itself; luma planes share a stride, and so do chroma planes.
 */
export function predictFromLuma(
  edgeLuma: usize,
  luma: usize,
  lumaStride: i32,
  edge: usize,
  target: usize,
  stride: i32,
  size: i32,
  hasTop: bool,
  hasLeft: bool,
): void {
  let count = 0;
  let sumLuma = 0;
  let sumChroma = 0;
  let sumSquares = 0;
  let sumProducts = 0;
  for (let side = 0; side < 2; side++) {
    if (side == 0 ? !hasTop : !hasLeft) continue;
    const lumaAt = side == 0 ? edgeLuma - 2 * lumaStride : edgeLuma - 2;
    const at = side == 0 ? edge - stride : edge - 1;
    const lumaStep = side == 0 ? 2 : 2 * lumaStride;
    const step = side == 0 ? 1 : stride;
    for (let i = 0; i < size; i++) {
      const x = halfLuma(lumaAt + i * lumaStep, lumaStride);
      const y = <i32>load<u8>(at + i * step);
      sumLuma += x;
      sumChroma += y;
      sumSquares += x * x;
      sumProducts += x * y;
    }
    count += size;
  }
  let slope = 0;
  let offset = 128 << 6;
  if (count > 0) {
    const covariance = <i64>(count * sumProducts - sumLuma * sumChroma);
    const variance = <i64>(count * sumSquares - sumLuma * sumLuma + count * count);
    slope = max(-128, min(127, <i32>((64 * covariance) / variance)));
    offset = (64 * sumChroma - slope * sumLuma + (count >> 1)) >> ctz(count);
  }
  const slopes = i16x8.splat(<i16>slope);
  const offsets = i32x4.splat(offset + 32);
  for (let row = 0; row < size; row++) {
    const lumaRow = luma + 2 * row * lumaStride;
    const targetRow = target + row * stride;
    for (let column = 0; column < size; column += 8) {
      const at = lumaRow + 2 * column;
      const sums = i16x8.add(
        i16x8.extadd_pairwise_i8x16_u(v128.load(at)),
        i16x8.extadd_pairwise_i8x16_u(v128.load(at + lumaStride)),
      );
      const half = i16x8.shr_u(i16x8.add(sums, i16x8.splat(2)), 2);
      const low = i32x4.shr_s(i32x4.add(i32x4.extmul_low_i16x8_s(half, slopes), offsets), 6);
      const high = i32x4.shr_s(i32x4.add(i32x4.extmul_high_i16x8_s(half, slopes), offsets), 6);
      const values = i16x8.narrow_i32x4_s(low, high);
      v128.store64_lane(targetRow + column, i8x16.narrow_i16x8_u(values, values), 0);
    }
  }
}

/** Sum of 8 samples. */
// @ts-ignore: decorator
@inline
function sumOf8(at: usize): i32 {
  const sum = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v128.load64_zero(at)));
  return i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1);
}

/**
 * Boundary of a 16x16 block that stands for that of a block `1 << shift` times as large: means of neighbouring samples.
 * `boundary` and `target` are laid out as `intraBoundary` says.
 */
export function shrinkBoundary(boundary: usize, shift: i32, target: usize): void {
  const width = 1 << shift;
  store<u8>(target, load<u8>(boundary));
  boundary++;
  for (let i = 1; i <= 3 * MACROBLOCK; i++) {
    let sum = width >> 1;
    for (let k = 0; k < width; k++) sum += <i32>load<u8>(boundary + k);
    store<u8>(target + i, sum >> shift);
    boundary += width;
  }
}

/**
 * Enlarges a predicted 16x16 block by `1 << shift` in both directions. Its samples are the last ones, bottom right, of the
 * cells of the large block; those between are interpolated, along rows first, with the boundary before the first cell.
 */
export function enlargePrediction(block: usize, boundary: usize, shift: i32, target: usize, stride: i32): void {
  const width = 1 << shift;
  const half = width >> 1;
  const size = MACROBLOCK << shift;
  const top = boundary + 1;
  const left = top + 2 * size;
  for (let row = 0; row < MACROBLOCK; row++) {
    const y = (row << shift) + width - 1;
    const line = target + y * stride;
    let before = <i32>load<u8>(left + y);
    for (let column = 0; column < MACROBLOCK; column++) {
      const value = <i32>load<u8>(block + row * MACROBLOCK + column);
      const at = line + (column << shift);
      for (let k = 1; k <= width; k++) {
        store<u8>(at + k - 1, ((width - k) * before + k * value + half) >> shift);
      }
      before = value;
    }
    const above = row == 0 ? top : line - width * stride;
    for (let k = 1; k < width; k++) {
      const between = line - (width - k) * stride;
      const upper = i16x8.splat(<i16>(width - k));
      const lower = i16x8.splat(<i16>k);
      const round = i16x8.splat(<i16>half);
      for (let column = 0; column < size; column += 8) {
        const sum = i16x8.add(
          i16x8.add(
            i16x8.mul(v128.load8x8_u(above + column), upper),
            i16x8.mul(v128.load8x8_u(line + column), lower),
          ),
          round,
        );
        const samples = i16x8.shr_u(sum, shift);
        v128.store64_lane(between + column, i8x16.narrow_i16x8_u(samples, samples), 0);
      }
    }
  }
}
