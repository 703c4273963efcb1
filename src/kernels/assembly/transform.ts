/** Differences a - b of two `size` x `size` blocks as packed int16 [size, size]. */
export function subtractBlock(a: usize, strideA: i32, b: usize, strideB: i32, target: usize, size: i32): void {
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column += 8) {
      const difference = i16x8.sub(
        v128.load8x8_u(a + row * strideA + column),
        v128.load8x8_u(b + row * strideB + column),
      );
      v128.store(target + ((row * size + column) << 1), difference);
    }
  }
}

/**
 * Analysis by an orthonormal basis: `atoms` inner products of the residual (int16 [samples]) with int16 atoms
 * (times 2^15). Results (int32, times 2^15) are written every `outputStep` words.
 */
export function forwardTransform(
  residual: usize,
  samples: i32,
  basis: usize,
  atoms: i32,
  output: usize,
  outputStep: i32,
): void {
  const bytes = samples << 1;
  for (let atom = 0; atom < atoms; atom++) {
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    for (let at = 0; at < bytes; at += 32) {
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(residual + at), v128.load(basis + at)));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load(residual + at, 16), v128.load(basis + at, 16)));
    }
    a = i32x4.add(a, b);
    store<i32>(
      output,
      i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1) + i32x4.extract_lane(a, 2) + i32x4.extract_lane(a, 3),
    );
    output += outputStep << 2;
    basis += bytes;
  }
}

/** Zeroes the int32 accumulator of a block of `samples`. */
export function clearAccumulator(accumulator: usize, samples: i32): void {
  memory.fill(accumulator, 0, samples << 2);
}

/**
 * Synthesis: adds `value * atom` for every non-zero of `count` tokens to the accumulator (int32 [samples], modulo 2^32).
 * Tokens are int16 at every `tokenStep`; `steps` holds the int32 step of each atom in 1/8; `offset1`, `offset2` are the
 * reconstruction offsets (1/256 step) of magnitude 1 and of larger ones. Returns the number of non-zero tokens.
 */
export function accumulateAtoms(
  accumulator: usize,
  samples: i32,
  basis: usize,
  tokens: usize,
  tokenStep: i32,
  count: i32,
  steps: usize,
  offset1: i32,
  offset2: i32,
): i32 {
  let nonZero = 0;
  for (let atom = 0; atom < count; atom++) {
    const token = <i32>load<i16>(tokens + ((atom * tokenStep) << 1));
    if (token == 0) continue;
    nonZero++;
    const magnitude = abs(token);
    const step = load<i32>(steps + (atom << 2));
    let value = magnitude * step - ((step * (magnitude == 1 ? offset1 : offset2)) >> 8);
    value = min(value, 32767);
    if (token < 0) value = -value;
    const factor = i16x8.splat(<i16>value);
    const source = basis + ((atom * samples) << 1);
    for (let i = 0; i < samples; i += 8) {
      const weights = v128.load(source + (i << 1));
      const at = accumulator + (i << 2);
      v128.store(at, i32x4.add(v128.load(at), i32x4.extmul_low_i16x8_s(weights, factor)));
      v128.store(at, i32x4.add(v128.load(at, 16), i32x4.extmul_high_i16x8_s(weights, factor)), 16);
    }
  }
  return nonZero;
}

/** Adds the rounded accumulator (FORMAT.md section 10) to a `size` x `size` block of a plane, limited to 0..255. */
export function addResidual(accumulator: usize, target: usize, stride: i32, size: i32): void {
  const round = i32x4.splat(1 << 17);
  const low = i16x8.splat(-1024);
  const high = i16x8.splat(1023);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column += 8) {
      const at = accumulator + ((row * size + column) << 2);
      const a = i32x4.shr_s(i32x4.add(v128.load(at), round), 18);
      const b = i32x4.shr_s(i32x4.add(v128.load(at, 16), round), 18);
      const residual = i16x8.min_s(i16x8.max_s(i16x8.narrow_i32x4_s(a, b), low), high);
      const sample = target + row * stride + column;
      const sum = i16x8.add(v128.load8x8_u(sample), residual);
      v128.store64_lane(sample, i8x16.narrow_i16x8_u(sum, sum), 0);
    }
  }
}
