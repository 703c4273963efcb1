import { MACROBLOCK, SUB_BLOCK } from './sizes';

/** Sum of absolute differences of two `size` x `size` blocks, size 8 or a multiple of 16 up to 64. */
export function blockSad(a: usize, strideA: i32, b: usize, strideB: i32, size: i32): i32 {
  let sum = i32x4.splat(0);
  if (size >= MACROBLOCK) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column += MACROBLOCK) {
        const x = v128.load(a + column);
        const y = v128.load(b + column);
        const difference = v128.or(i8x16.sub_sat_u(x, y), i8x16.sub_sat_u(y, x));
        sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(difference)));
      }
      a += strideA;
      b += strideB;
    }
  } else {
    for (let row = 0; row < SUB_BLOCK; row++) {
      const x = v128.load64_zero(a);
      const y = v128.load64_zero(b);
      const difference = v128.or(i8x16.sub_sat_u(x, y), i8x16.sub_sat_u(y, x));
      sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(difference)));
      a += strideA;
      b += strideB;
    }
  }
  return sumLanes(sum);
}

/** Sum of squared differences of two `width` x `height` blocks; width is a multiple of 8. */
export function blockSsd(a: usize, strideA: i32, b: usize, strideB: i32, width: i32, height: i32): i32 {
  let sum = i32x4.splat(0);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column += 8) {
      const difference = i16x8.sub(v128.load8x8_u(a + column), v128.load8x8_u(b + column));
      sum = i32x4.add(sum, i32x4.dot_i16x8_s(difference, difference));
    }
    a += strideA;
    b += strideB;
  }
  return sumLanes(sum);
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
    for (let column = 0; column < width; column++) {
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
  let r0 = i16x8.sub(v128.load8x8_u(a), v128.load8x8_u(b));
  let r1 = i16x8.sub(v128.load8x8_u(a + strideA), v128.load8x8_u(b + strideB));
  let r2 = i16x8.sub(v128.load8x8_u(a + 2 * strideA), v128.load8x8_u(b + 2 * strideB));
  let r3 = i16x8.sub(v128.load8x8_u(a + 3 * strideA), v128.load8x8_u(b + 3 * strideB));
  let r4 = i16x8.sub(v128.load8x8_u(a + 4 * strideA), v128.load8x8_u(b + 4 * strideB));
  let r5 = i16x8.sub(v128.load8x8_u(a + 5 * strideA), v128.load8x8_u(b + 5 * strideB));
  let r6 = i16x8.sub(v128.load8x8_u(a + 6 * strideA), v128.load8x8_u(b + 6 * strideB));
  let r7 = i16x8.sub(v128.load8x8_u(a + 7 * strideA), v128.load8x8_u(b + 7 * strideB));
  for (let pass = 0; pass < 2; pass++) {
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
    r0 = i16x8.add(b0, b1);
    r1 = i16x8.sub(b0, b1);
    r2 = i16x8.add(b2, b3);
    r3 = i16x8.sub(b2, b3);
    r4 = i16x8.add(b4, b5);
    r5 = i16x8.sub(b4, b5);
    r6 = i16x8.add(b6, b7);
    r7 = i16x8.sub(b6, b7);
    if (pass == 0) {
      // Transpose 8x8 of int16 by three rounds of interleaving.
      const t0 = i16x8.shuffle(r0, r4, 0, 8, 1, 9, 2, 10, 3, 11);
      const t1 = i16x8.shuffle(r0, r4, 4, 12, 5, 13, 6, 14, 7, 15);
      const t2 = i16x8.shuffle(r1, r5, 0, 8, 1, 9, 2, 10, 3, 11);
      const t3 = i16x8.shuffle(r1, r5, 4, 12, 5, 13, 6, 14, 7, 15);
      const t4 = i16x8.shuffle(r2, r6, 0, 8, 1, 9, 2, 10, 3, 11);
      const t5 = i16x8.shuffle(r2, r6, 4, 12, 5, 13, 6, 14, 7, 15);
      const t6 = i16x8.shuffle(r3, r7, 0, 8, 1, 9, 2, 10, 3, 11);
      const t7 = i16x8.shuffle(r3, r7, 4, 12, 5, 13, 6, 14, 7, 15);
      const u0 = i16x8.shuffle(t0, t4, 0, 8, 1, 9, 2, 10, 3, 11);
      const u1 = i16x8.shuffle(t0, t4, 4, 12, 5, 13, 6, 14, 7, 15);
      const u2 = i16x8.shuffle(t1, t5, 0, 8, 1, 9, 2, 10, 3, 11);
      const u3 = i16x8.shuffle(t1, t5, 4, 12, 5, 13, 6, 14, 7, 15);
      const u4 = i16x8.shuffle(t2, t6, 0, 8, 1, 9, 2, 10, 3, 11);
      const u5 = i16x8.shuffle(t2, t6, 4, 12, 5, 13, 6, 14, 7, 15);
      const u6 = i16x8.shuffle(t3, t7, 0, 8, 1, 9, 2, 10, 3, 11);
      const u7 = i16x8.shuffle(t3, t7, 4, 12, 5, 13, 6, 14, 7, 15);
      r0 = i16x8.shuffle(u0, u4, 0, 8, 1, 9, 2, 10, 3, 11);
      r1 = i16x8.shuffle(u0, u4, 4, 12, 5, 13, 6, 14, 7, 15);
      r2 = i16x8.shuffle(u1, u5, 0, 8, 1, 9, 2, 10, 3, 11);
      r3 = i16x8.shuffle(u1, u5, 4, 12, 5, 13, 6, 14, 7, 15);
      r4 = i16x8.shuffle(u2, u6, 0, 8, 1, 9, 2, 10, 3, 11);
      r5 = i16x8.shuffle(u2, u6, 4, 12, 5, 13, 6, 14, 7, 15);
      r6 = i16x8.shuffle(u3, u7, 0, 8, 1, 9, 2, 10, 3, 11);
      r7 = i16x8.shuffle(u3, u7, 4, 12, 5, 13, 6, 14, 7, 15);
    }
  }
  let sum = i32x4.extadd_pairwise_i16x8_u(i16x8.abs(r0));
  sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.abs(r1)));
  sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.abs(r2)));
  sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.abs(r3)));
  sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.abs(r4)));
  sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.abs(r5)));
  sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.abs(r6)));
  sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_u(i16x8.abs(r7)));
  return (sumLanes(sum) + 2) >> 2;
}

// @ts-ignore: decorator
@inline
function sumLanes(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
  );
}
