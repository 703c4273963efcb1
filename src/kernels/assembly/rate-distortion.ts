import { transformBlocks } from './scratch';
import { SUB_BLOCK } from './sizes';

/** Natural logarithm of 2, for one unit in the last place of a float's exponent. */
const LOG_UNIT: f32 = 0.6931471805599453 / 8388608.0;
const ONE_BITS: i32 = 0x3f800000;
/** Samples of a block, and bytes of a transformed one. */
const SAMPLES: i32 = SUB_BLOCK * SUB_BLOCK;
const TRANSFORM_BYTES: i32 = SAMPLES * 2;

/**
 * What an 8x8 block costs, in rate and distortion at once, when it is predicted and its residual is quantised. All
 * variances are in units of the distortion of a coded coefficient.
 *
 * A coefficient with the residual's variance x costs x if it is not coded, and 1 + ln x if it is. To the residual comes the
 * quantisation noise of the reference: `noise` times v / (1 + v), where v is the variance of the block's own coefficient,
 * because what the reference does not code it has no noise in.
 *
 * @param scale what a squared difference of 8x8 Hadamard coefficients is multiplied by.
 * @param result gets float32: the cost; how many of the block's coefficients are worth coding; how many of these follow
 *   the reference, so that its quality becomes the block's.
 */
export function rateDistortion(
  block: usize,
  blockStride: i32,
  prediction: usize,
  predictionStride: i32,
  scale: f32,
  noise: f32,
  result: usize,
): void {
  hadamard(block, blockStride, transformBlocks);
  hadamard(prediction, predictionStride, transformBlocks + TRANSFORM_BYTES);
  estimate(scale, noise, result);
}

/**
 * The same for a block that is predicted as its rounded mean, without noise. Returns the SATD of this prediction, as
 * `blockSatd` does.
 */
export function rateDistortionOfMean(block: usize, stride: i32, scale: f32, result: usize): i32 {
  const own = transformBlocks;
  const predicted = transformBlocks + TRANSFORM_BYTES;
  hadamard(block, stride, own);
  const sum: i32 = load<i16>(own);
  const flat = (sum + (SAMPLES >> 1)) & -SAMPLES;
  let magnitudes = i32x4.splat(0);
  for (let at = 0; at < TRANSFORM_BYTES; at += 16) {
    magnitudes = i32x4.add(magnitudes, i32x4.extadd_pairwise_i16x8_s(i16x8.abs(v128.load(own + at))));
    v128.store(predicted + at, i16x8.splat(0));
  }
  store<i16>(predicted, flat);
  estimate(scale, 0, result);
  // Only the first coefficient is predicted.
  return (sumIntegers(magnitudes) - sum + abs(sum - flat) + 2) >> 2;
}

/** `rateDistortion` of the two transformed blocks. */
function estimate(scale: f32, noise: f32, result: usize): void {
  const own = transformBlocks;
  const predicted = transformBlocks + TRANSFORM_BYTES;
  const scales = f32x4.splat(scale);
  const noises = f32x4.splat(noise);
  const one = f32x4.splat(1);
  let cost = f32x4.splat(0);
  let logarithms = i32x4.splat(0);
  let coded = f32x4.splat(0);
  let followed = f32x4.splat(0);
  for (let at = 0; at < TRANSFORM_BYTES; at += 8) {
    const value = f32x4.convert_i32x4_s(v128.load16x4_s(own + at));
    const guess = f32x4.convert_i32x4_s(v128.load16x4_s(predicted + at));
    const difference = f32x4.sub(value, guess);
    const variance = f32x4.mul(f32x4.mul(value, value), scales);
    const share = f32x4.div(variance, f32x4.add(variance, one));
    const left = f32x4.add(f32x4.mul(f32x4.mul(difference, difference), scales), f32x4.mul(noises, share));
    const above = f32x4.pmax(left, one);
    cost = f32x4.add(cost, f32x4.pmin(left, one));
    // Exponent and mantissa of a float, read as one number, are its logarithm but for 0.09 at most.
    logarithms = i32x4.add(logarithms, i32x4.shr_u(i32x4.sub(above, i32x4.splat(ONE_BITS)), 4));
    const weight = f32x4.mul(share, share);
    coded = f32x4.add(coded, weight);
    followed = f32x4.add(followed, f32x4.div(weight, above));
  }
  store<f32>(result, sumLanes(cost) + 16 * LOG_UNIT * sumLanes(f32x4.convert_i32x4_s(logarithms)));
  store<f32>(result + 4, sumLanes(coded));
  store<f32>(result + 8, sumLanes(followed));
}

/** 8x8 Hadamard transform of samples, int16, in the order of the matrix: the first one is the sum of the samples. */
function hadamard(block: usize, stride: i32, target: usize): void {
  const r0 = acrossRow(block);
  const r1 = acrossRow(block + stride);
  const r2 = acrossRow(block + 2 * stride);
  const r3 = acrossRow(block + 3 * stride);
  const r4 = acrossRow(block + 4 * stride);
  const r5 = acrossRow(block + 5 * stride);
  const r6 = acrossRow(block + 6 * stride);
  const r7 = acrossRow(block + 7 * stride);
  const a0 = i16x8.add(r0, r1);
  const a1 = i16x8.sub(r0, r1);
  const a2 = i16x8.add(r2, r3);
  const a3 = i16x8.sub(r2, r3);
  const a4 = i16x8.add(r4, r5);
  const a5 = i16x8.sub(r4, r5);
  const a6 = i16x8.add(r6, r7);
  const a7 = i16x8.sub(r6, r7);
  const b0 = i16x8.add(a0, a2);
  const b1 = i16x8.add(a1, a3);
  const b2 = i16x8.sub(a0, a2);
  const b3 = i16x8.sub(a1, a3);
  const b4 = i16x8.add(a4, a6);
  const b5 = i16x8.add(a5, a7);
  const b6 = i16x8.sub(a4, a6);
  const b7 = i16x8.sub(a5, a7);
  v128.store(target, i16x8.add(b0, b4));
  v128.store(target, i16x8.add(b1, b5), 16);
  v128.store(target, i16x8.add(b2, b6), 32);
  v128.store(target, i16x8.add(b3, b7), 48);
  v128.store(target, i16x8.sub(b0, b4), 64);
  v128.store(target, i16x8.sub(b1, b5), 80);
  v128.store(target, i16x8.sub(b2, b6), 96);
  v128.store(target, i16x8.sub(b3, b7), 112);
}

/** The transform of one row of samples. */
// @ts-ignore: decorator
@inline
function acrossRow(row: usize): v128 {
  let r = v128.load8x8_u(row);
  r = i16x8.add(i16x8.shuffle(r, r, 1, 0, 3, 2, 5, 4, 7, 6), i16x8.mul(r, i16x8(1, -1, 1, -1, 1, -1, 1, -1)));
  r = i16x8.add(i16x8.shuffle(r, r, 2, 3, 0, 1, 6, 7, 4, 5), i16x8.mul(r, i16x8(1, 1, -1, -1, 1, 1, -1, -1)));
  return i16x8.add(i16x8.shuffle(r, r, 4, 5, 6, 7, 0, 1, 2, 3), i16x8.mul(r, i16x8(1, 1, 1, 1, -1, -1, -1, -1)));
}

// @ts-ignore: decorator
@inline
function sumLanes(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

// @ts-ignore: decorator
@inline
function sumIntegers(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + (i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3))
  );
}
