import { difference8 } from './distortion';

/** Differences a - b of two `size` x `size` blocks as packed int16 [size, size]. */
export function subtractBlock(a: usize, strideA: i32, b: usize, strideB: i32, target: usize, size: i32): void {
  for (let column = 0; column < size; column += 8) {
    let x = a + column;
    let y = b + column;
    let to = target + (column << 1);
    for (let row = 0; row < size; row += 2) {
      v128.store(to, difference8(x, y));
      v128.store(to + 2 * size, difference8(x + strideA, y + strideB));
      x += 2 * strideA;
      y += 2 * strideB;
      to += 4 * size;
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
  const step = outputStep << 2;
  let atom = 0;
  for (; atom + 4 <= atoms; atom += 4) {
    const four = fourProducts(residual, basis, bytes);
    v128.store32_lane(output, four, 0);
    v128.store32_lane(output + step, four, 1);
    v128.store32_lane(output + 2 * step, four, 2);
    v128.store32_lane(output + 3 * step, four, 3);
    output += 4 * step;
    basis += 4 * bytes;
  }
  for (; atom < atoms; atom++) {
    let sums = i32x4.splat(0);
    for (let at = 0; at < bytes; at += 32) {
      const products = twoProducts(v128.load(residual + at), v128.load(residual + at, 16), basis + at);
      sums = i32x4.add(sums, products);
    }
    store<i32>(output, sumOfLanes(sums));
    output += step;
    basis += bytes;
  }
}

/** Inner products of a row of `bytes` of int16, 16 or a multiple of 32, with four rows of weights. */
// @ts-ignore: decorator
@inline
export function fourProducts(row: usize, weights: usize, bytes: i32): v128 {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  if (bytes == 16) {
    const values = v128.load(row);
    a = i32x4.dot_i16x8_s(values, v128.load(weights));
    b = i32x4.dot_i16x8_s(values, v128.load(weights, 16));
    c = i32x4.dot_i16x8_s(values, v128.load(weights, 32));
    d = i32x4.dot_i16x8_s(values, v128.load(weights, 48));
  } else {
    for (let at = 0; at < bytes; at += 32) {
      const first = v128.load(row + at);
      const second = v128.load(row + at, 16);
      a = i32x4.add(a, twoProducts(first, second, weights + at));
      b = i32x4.add(b, twoProducts(first, second, weights + bytes + at));
      c = i32x4.add(c, twoProducts(first, second, weights + 2 * bytes + at));
      d = i32x4.add(d, twoProducts(first, second, weights + 3 * bytes + at));
    }
  }
  const ab = i32x4.add(i32x4.shuffle(a, b, 0, 4, 1, 5), i32x4.shuffle(a, b, 2, 6, 3, 7));
  const cd = i32x4.add(i32x4.shuffle(c, d, 0, 4, 1, 5), i32x4.shuffle(c, d, 2, 6, 3, 7));
  return i32x4.add(i64x2.shuffle(ab, cd, 0, 2), i64x2.shuffle(ab, cd, 1, 3));
}

/** Products of 16 values with weights, each four added. */
// @ts-ignore: decorator
@inline
function twoProducts(first: v128, second: v128, weights: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(first, v128.load(weights)),
    i32x4.dot_i16x8_s(second, v128.load(weights, 16)),
  );
}

// @ts-ignore: decorator
@inline
function sumOfLanes(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
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
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column += 8) {
      const low = i32x4.add(v128.load(accumulator), round);
      const high = i32x4.add(v128.load(accumulator, 16), round);
      addResiduals(target + column, low, high);
      accumulator += 32;
    }
    target += stride;
  }
}

/** Adds 8 residuals, times 2^18, to samples. */
// @ts-ignore: decorator
@inline
export function addResiduals(samples: usize, low: v128, high: v128): void {
  const narrow = i16x8.narrow_i32x4_s(i32x4.shr_s(low, 18), i32x4.shr_s(high, 18));
  const residual = i16x8.min_s(i16x8.max_s(narrow, i16x8.splat(-1024)), i16x8.splat(1023));
  const sum = i16x8.add(v128.load8x8_u(samples), residual);
  v128.store64_lane(samples, i8x16.narrow_i16x8_u(sum, sum), 0);
}
