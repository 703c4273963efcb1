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
