import { MACROBLOCK, SUB_BLOCK } from './sizes';

/**
 * The cost of two `size` x `size` blocks (size a multiple of 16), the sum of their absolute differences plus `rate`, if it is
 * at most `limit`; else a cost beyond the limit, found as soon as a part of the blocks has it.
 */
export function sadCost(a: usize, strideA: i32, b: usize, strideB: i32, size: i32, rate: f32, limit: f32): f32 {
  if (size == MACROBLOCK) return <f32>sad16(a, strideA, b, strideB) + rate;
  let sum = 0;
  let cost = rate;
  for (let row = 0; row < size; row += MACROBLOCK) {
    for (let column = 0; column < size; column += MACROBLOCK) {
      sum += sad16(a + row * strideA + column, strideA, b + row * strideB + column, strideB);
      cost = <f32>sum + rate;
      if (cost > limit) return cost;
    }
  }
  return cost;
}

/** Sum of absolute differences of two 16x16 blocks. Several rows at once, because loops are not unrolled. */
// @ts-ignore: decorator
@inline
function sad16(a: usize, strideA: i32, b: usize, strideB: i32): i32 {
  let sum = i16x8.splat(0);
  for (let row = 0; row < MACROBLOCK; row += 4) {
    const s0 = pairSums(v128.load(a), v128.load(b));
    const s1 = pairSums(v128.load(a + strideA), v128.load(b + strideB));
    const s2 = pairSums(v128.load(a + 2 * strideA), v128.load(b + 2 * strideB));
    const s3 = pairSums(v128.load(a + 3 * strideA), v128.load(b + 3 * strideB));
    sum = i16x8.add(sum, i16x8.add(i16x8.add(s0, s1), i16x8.add(s2, s3)));
    a += 4 * strideA;
    b += 4 * strideB;
  }
  return sumLanes(i32x4.extadd_pairwise_i16x8_s(sum));
}

/** Two rows of 8 samples in one vector. */
// @ts-ignore: decorator
@inline
export function twoRows(at: usize, stride: i32): v128 {
  return v128.load64_lane(at + stride, v128.load64_zero(at), 1);
}

/** Sum of absolute differences of two 8x8 blocks, the first one given as pairs of rows. */
// @ts-ignore: decorator
@inline
export function smallSad(rows0: v128, rows2: v128, rows4: v128, rows6: v128, b: usize, strideB: i32): i32 {
  const sum = i16x8.add(
    i16x8.add(pairSums(rows0, twoRows(b, strideB)), pairSums(rows2, twoRows(b + 2 * strideB, strideB))),
    i16x8.add(
      pairSums(rows4, twoRows(b + 4 * strideB, strideB)),
      pairSums(rows6, twoRows(b + 6 * strideB, strideB)),
    ),
  );
  return sumLanes(i32x4.extadd_pairwise_i16x8_s(sum));
}

/** Absolute differences of 16 samples, each two added. */
// @ts-ignore: decorator
@inline
function pairSums(a: v128, b: v128): v128 {
  return i16x8.extadd_pairwise_i8x16_u(v128.or(i8x16.sub_sat_u(a, b), i8x16.sub_sat_u(b, a)));
}

/** Sum of squared differences of two `width` x `height` blocks; width is a multiple of 8. */
export function blockSsd(a: usize, strideA: i32, b: usize, strideB: i32, width: i32, height: i32): i32 {
  let sum = i32x4.splat(0);
  for (let column = 0; column < width; column += 8) {
    let x = a + column;
    let y = b + column;
    let row = 0;
    for (; row + 2 <= height; row += 2) {
      const upper = difference8(x, y);
      const lower = difference8(x + strideA, y + strideB);
      sum = i32x4.add(sum, i32x4.add(i32x4.dot_i16x8_s(upper, upper), i32x4.dot_i16x8_s(lower, lower)));
      x += 2 * strideA;
      y += 2 * strideB;
    }
    if (row < height) {
      const last = difference8(x, y);
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(last, last));
    }
  }
  return sumLanes(sum);
}

/** Writes the variance, times 2^16, of the samples of each 16x16 block of a plane, in raster order, int32. */
export function blockVariances(plane: usize, stride: i32, columns: i32, rows: i32, target: usize): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let from = plane + row * MACROBLOCK * stride + column * MACROBLOCK;
      let sums = i16x8.splat(0);
      let squares = i32x4.splat(0);
      for (let line = 0; line < MACROBLOCK; line++) {
        const samples = v128.load(from);
        const low = i16x8.extend_low_i8x16_u(samples);
        const high = i16x8.extend_high_i8x16_u(samples);
        sums = i16x8.add(sums, i16x8.add(low, high));
        squares = i32x4.add(squares, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
        from += stride;
      }
      const sum = sumLanes(i32x4.extadd_pairwise_i16x8_s(sums));
      // 256 times the sum of squares may need 33 bits, the difference only 31.
      store<i32>(target, MACROBLOCK * MACROBLOCK * sumLanes(squares) - sum * sum);
      target += 4;
    }
  }
}

/** Sum of absolute 8x8 Hadamard-transformed differences, halved twice, of two `size` x `size` blocks, size a multiple of 8. */
export function blockSatd(a: usize, strideA: i32, b: usize, strideB: i32, size: i32): i32 {
  let sum = 0;
  for (let row = 0; row < size; row += 8) {
    for (let column = 0; column < size; column += 8) {
      sum += satd8(a + row * strideA + column, strideA, b + row * strideB + column, strideB);
    }
  }
  return sum;
}

/**
 * The cost `blockSatd` + `rate` of a block if it is at most `limit`; else a cost beyond the limit, found as soon as a part of
 * the block has it.
 */
export function satdCost(
  a: usize,
  strideA: i32,
  b: usize,
  strideB: i32,
  size: i32,
  rate: f32,
  limit: f32,
): f32 {
  if (size == SUB_BLOCK) return <f32>satd8(a, strideA, b, strideB) + rate;
  let sum = 0;
  let cost = rate;
  for (let row = 0; row < size; row += 8) {
    for (let column = 0; column < size; column += 8) {
      sum += satd8(a + row * strideA + column, strideA, b + row * strideB + column, strideB);
      cost = <f32>sum + rate;
      if (cost > limit) return cost;
    }
  }
  return cost;
}

/** Box-filtered half-size copy of a plane: each sample is the rounded mean of 2x2. `width` is the target's. */
export function halve(
  source: usize,
  sourceStride: i32,
  target: usize,
  targetStride: i32,
  width: i32,
  height: i32,
): void {
  for (let row = 0; row < height; row++) {
    const upper = source + 2 * row * sourceStride;
    const lower = upper + sourceStride;
    let column = 0;
    for (; column + 8 <= width; column += 8) {
      const above = i16x8.extadd_pairwise_i8x16_u(v128.load(upper + 2 * column));
      const below = i16x8.extadd_pairwise_i8x16_u(v128.load(lower + 2 * column));
      const mean = i16x8.shr_u(i16x8.add(i16x8.add(above, below), i16x8.splat(2)), 2);
      v128.store64_lane(target + row * targetStride + column, i8x16.narrow_i16x8_u(mean, mean), 0);
    }
    for (; column < width; column++) {
      const at = 2 * column;
      const sum =
        <i32>load<u8>(upper + at) +
        <i32>load<u8>(upper + at + 1) +
        <i32>load<u8>(lower + at) +
        <i32>load<u8>(lower + at + 1);
      store<u8>(target + row * targetStride + column, (sum + 2) >> 2);
    }
  }
}

function satd8(a: usize, strideA: i32, b: usize, strideB: i32): i32 {
  const r0 = difference8(a, b);
  const r1 = difference8(a + strideA, b + strideB);
  const r2 = difference8(a + 2 * strideA, b + 2 * strideB);
  const r3 = difference8(a + 3 * strideA, b + 3 * strideB);
  const r4 = difference8(a + 4 * strideA, b + 4 * strideB);
  const r5 = difference8(a + 5 * strideA, b + 5 * strideB);
  const r6 = difference8(a + 6 * strideA, b + 6 * strideB);
  const r7 = difference8(a + 7 * strideA, b + 7 * strideB);
  // Columns: three stages of sums and differences.
  const a0 = i16x8.add(r0, r4);
  const a4 = i16x8.sub(r0, r4);
  const a1 = i16x8.add(r1, r5);
  const a5 = i16x8.sub(r1, r5);
  const a2 = i16x8.add(r2, r6);
  const a6 = i16x8.sub(r2, r6);
  const a3 = i16x8.add(r3, r7);
  const a7 = i16x8.sub(r3, r7);
  const b0 = i16x8.add(a0, a2);
  const b2 = i16x8.sub(a0, a2);
  const b1 = i16x8.add(a1, a3);
  const b3 = i16x8.sub(a1, a3);
  const b4 = i16x8.add(a4, a6);
  const b6 = i16x8.sub(a4, a6);
  const b5 = i16x8.add(a5, a7);
  const b7 = i16x8.sub(a5, a7);
  const c0 = i16x8.add(b0, b1);
  const c1 = i16x8.sub(b0, b1);
  const c2 = i16x8.add(b2, b3);
  const c3 = i16x8.sub(b2, b3);
  const c4 = i16x8.add(b4, b5);
  const c5 = i16x8.sub(b4, b5);
  const c6 = i16x8.add(b6, b7);
  const c7 = i16x8.sub(b6, b7);
  // Transpose 8x8 of int16 by three rounds of interleaving.
  const t0 = i16x8.shuffle(c0, c4, 0, 8, 1, 9, 2, 10, 3, 11);
  const t1 = i16x8.shuffle(c0, c4, 4, 12, 5, 13, 6, 14, 7, 15);
  const t2 = i16x8.shuffle(c1, c5, 0, 8, 1, 9, 2, 10, 3, 11);
  const t3 = i16x8.shuffle(c1, c5, 4, 12, 5, 13, 6, 14, 7, 15);
  const t4 = i16x8.shuffle(c2, c6, 0, 8, 1, 9, 2, 10, 3, 11);
  const t5 = i16x8.shuffle(c2, c6, 4, 12, 5, 13, 6, 14, 7, 15);
  const t6 = i16x8.shuffle(c3, c7, 0, 8, 1, 9, 2, 10, 3, 11);
  const t7 = i16x8.shuffle(c3, c7, 4, 12, 5, 13, 6, 14, 7, 15);
  const u0 = i16x8.shuffle(t0, t4, 0, 8, 1, 9, 2, 10, 3, 11);
  const u1 = i16x8.shuffle(t0, t4, 4, 12, 5, 13, 6, 14, 7, 15);
  const u2 = i16x8.shuffle(t1, t5, 0, 8, 1, 9, 2, 10, 3, 11);
  const u3 = i16x8.shuffle(t1, t5, 4, 12, 5, 13, 6, 14, 7, 15);
  const u4 = i16x8.shuffle(t2, t6, 0, 8, 1, 9, 2, 10, 3, 11);
  const u5 = i16x8.shuffle(t2, t6, 4, 12, 5, 13, 6, 14, 7, 15);
  const u6 = i16x8.shuffle(t3, t7, 0, 8, 1, 9, 2, 10, 3, 11);
  const u7 = i16x8.shuffle(t3, t7, 4, 12, 5, 13, 6, 14, 7, 15);
  // Rows.
  const v0 = i16x8.shuffle(u0, u4, 0, 8, 1, 9, 2, 10, 3, 11);
  const v1 = i16x8.shuffle(u0, u4, 4, 12, 5, 13, 6, 14, 7, 15);
  const v2 = i16x8.shuffle(u1, u5, 0, 8, 1, 9, 2, 10, 3, 11);
  const v3 = i16x8.shuffle(u1, u5, 4, 12, 5, 13, 6, 14, 7, 15);
  const v4 = i16x8.shuffle(u2, u6, 0, 8, 1, 9, 2, 10, 3, 11);
  const v5 = i16x8.shuffle(u2, u6, 4, 12, 5, 13, 6, 14, 7, 15);
  const v6 = i16x8.shuffle(u3, u7, 0, 8, 1, 9, 2, 10, 3, 11);
  const v7 = i16x8.shuffle(u3, u7, 4, 12, 5, 13, 6, 14, 7, 15);
  const w0 = i16x8.add(v0, v4);
  const w4 = i16x8.sub(v0, v4);
  const w1 = i16x8.add(v1, v5);
  const w5 = i16x8.sub(v1, v5);
  const w2 = i16x8.add(v2, v6);
  const w6 = i16x8.sub(v2, v6);
  const w3 = i16x8.add(v3, v7);
  const w7 = i16x8.sub(v3, v7);
  // The last stage is not needed: |x + y| + |x - y| is twice the larger one of |x| and |y|. Four of these fit 16 bits.
  const sum = i16x8.add(
    i16x8.add(largest(i16x8.add(w0, w2), i16x8.add(w1, w3)), largest(i16x8.sub(w0, w2), i16x8.sub(w1, w3))),
    i16x8.add(largest(i16x8.add(w4, w6), i16x8.add(w5, w7)), largest(i16x8.sub(w4, w6), i16x8.sub(w5, w7))),
  );
  return (sumLanes(i32x4.extadd_pairwise_i16x8_s(sum)) + 1) >> 1;
}

/** Difference of rows of 8 samples. */
// @ts-ignore: decorator
@inline
export function difference8(a: usize, b: usize): v128 {
  return i16x8.sub(v128.load8x8_u(a), v128.load8x8_u(b));
}

/** The larger one of two magnitudes. */
// @ts-ignore: decorator
@inline
function largest(a: v128, b: v128): v128 {
  return i16x8.max_s(i16x8.abs(a), i16x8.abs(b));
}

// @ts-ignore: decorator
@inline
function sumLanes(v: v128): i32 {
  const pairs = i32x4.add(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return i32x4.extract_lane(i32x4.add(pairs, i32x4.shuffle(pairs, pairs, 1, 0, 3, 2)), 0);
}
