// Between planes of bytes and grids of int16 values. Strides are in bytes.

/** Bytes to int16 values, `targetStep` apart. */
export function widen(
  source: usize,
  sourceRow: i32,
  target: usize,
  targetStep: i32,
  targetRow: i32,
  width: i32,
  height: i32,
): void {
  for (let row = 0; row < height; row++) {
    const from = source + row * sourceRow;
    const to = target + row * targetRow;
    let column = 0;
    if (targetStep == 2) {
      for (; column + 8 <= width; column += 8) v128.store(to + (column << 1), v128.load8x8_u(from + column));
    }
    for (; column < width; column++) store<u16>(to + column * targetStep, load<u8>(from + column));
  }
}

/** int16 values of 0..255, `sourceStep` apart, to bytes. */
export function narrow(
  source: usize,
  sourceStep: i32,
  sourceRow: i32,
  target: usize,
  targetRow: i32,
  width: i32,
  height: i32,
): void {
  for (let row = 0; row < height; row++) {
    const from = source + row * sourceRow;
    const to = target + row * targetRow;
    let column = 0;
    if (sourceStep == 2) {
      for (; column + 8 <= width; column += 8) {
        const values = v128.load(from + (column << 1));
        v128.store64_lane(to + column, i8x16.narrow_i16x8_u(values, values), 0);
      }
    }
    for (; column < width; column++) store<u8>(to + column, load<u8>(from + column * sourceStep));
  }
}

/** Squares of a plane of int16 values become channels: the square of `block` x `block` values at each position. */
export function fold(
  plane: usize,
  planeRow: i32,
  grid: usize,
  gridStep: i32,
  gridRow: i32,
  width: i32,
  height: i32,
  block: i32,
): void {
  const bytes = block << 1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = plane + row * block * planeRow + column * bytes;
      const to = grid + row * gridRow + column * gridStep;
      for (let line = 0; line < block; line++) copyLine(from + line * planeRow, to + line * bytes, bytes);
    }
  }
}

/** The inverse of `fold`. */
export function unfold(
  plane: usize,
  planeRow: i32,
  grid: usize,
  gridStep: i32,
  gridRow: i32,
  width: i32,
  height: i32,
  block: i32,
): void {
  const bytes = block << 1;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const to = plane + row * block * planeRow + column * bytes;
      const from = grid + row * gridRow + column * gridStep;
      for (let line = 0; line < block; line++) copyLine(from + line * bytes, to + line * planeRow, bytes);
    }
  }
}

// @ts-ignore: decorator
@inline
function copyLine(from: usize, to: usize, bytes: i32): void {
  if (bytes == 16) v128.store(to, v128.load(from));
  else if (bytes == 8) store<u64>(to, load<u64>(from));
  else if (bytes == 4) store<u32>(to, load<u32>(from));
  else memory.copy(to, from, bytes);
}
