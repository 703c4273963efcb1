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
 * Predicts a block from its boundary by a matrix: int16 rows of `columns` (3N + 1 rounded up to a multiple of 8,
 * zero-padded) coefficients in 1/64.
 */
export function intraPredict(boundary: usize, size: i32, matrix: usize, target: usize, targetStride: i32): void {
  const samples = 3 * size + 1;
  const columns = (samples + 7) & ~7;
  let sum = size;
  for (let i = 0; i < size; i++) {
    sum += <i32>load<u8>(boundary + 1 + i) + <i32>load<u8>(boundary + 1 + 2 * size + i);
  }
  const dc = sum >> (size == MACROBLOCK ? 5 : 4);
  const difference = boundaryDifference;
  for (let i = 0; i < samples; i++) store<i16>(difference + (i << 1), <i16>(<i32>load<u8>(boundary + i) - dc));
  for (let i = samples; i < columns; i++) store<i16>(difference + (i << 1), 0);
  const rowBytes = columns << 1;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let total = i32x4.splat(0);
      for (let at = 0; at < rowBytes; at += 16) {
        total = i32x4.add(total, i32x4.dot_i16x8_s(v128.load(difference + at), v128.load(matrix + at)));
      }
      const value =
        i32x4.extract_lane(total, 0) +
        i32x4.extract_lane(total, 1) +
        i32x4.extract_lane(total, 2) +
        i32x4.extract_lane(total, 3);
      store<u8>(target + row * targetStride + column, max(0, min(255, dc + ((value + 32) >> 6))));
      matrix += rowBytes;
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
