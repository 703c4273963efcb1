/** Differences beyond this one have no weight. */
const LARGEST_DIFFERENCE: i16 = 127;
/** Weight of a plane's own samples. */
const OWN_WEIGHT: f32 = 64;

/**
 * Adds a prediction of a block, times weights, to a mean (encoder only). The weight of a sample that differs by d is
 * `weight` times 1 - d * d * `falloff` / 2^23, at least 0.
 *
 * `weight` is 0..64, `falloff` 521..32767, `width` a multiple of 8. `sums` and `weights` (int16, with the block's stride)
 * take the weighted differences and the weights of up to ten predictions.
 */
export function addToMean(
  block: usize,
  stride: i32,
  prediction: usize,
  predictionStride: i32,
  sums: usize,
  weights: usize,
  width: i32,
  height: i32,
  weight: i32,
  falloff: i32,
): void {
  const limit = i16x8.splat(LARGEST_DIFFERENCE);
  const full = i16x8.splat(256);
  const zero = i16x8.splat(0);
  const share = i16x8.splat(<i16>weight);
  const fall = i16x8.splat(<i16>falloff);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column += 8) {
      const at = row * stride + column;
      const difference = i16x8.sub(
        v128.load8x8_u(prediction + row * predictionStride + column),
        v128.load8x8_u(block + at),
      );
      const magnitude = i16x8.min_s(i16x8.abs(difference), limit);
      const lost = i16x8.q15mulr_sat_s(i16x8.mul(magnitude, magnitude), fall);
      const left = i16x8.max_s(i16x8.sub(full, lost), zero);
      const own = i16x8.shr_u(i16x8.mul(left, share), 8);
      const to = at << 1;
      v128.store(weights + to, i16x8.add(v128.load(weights + to), own));
      v128.store(sums + to, i16x8.add(v128.load(sums + to), i16x8.mul(own, difference)));
    }
  }
}

/**
 * Replaces the samples of a plane by their means with what {@link addToMean} has added, where the plane's own samples
 * have the weight 64, and zeroes `sums` and `weights`. `width` is a multiple of 8.
 */
export function takeMean(plane: usize, stride: i32, sums: usize, weights: usize, width: i32, height: i32): void {
  const own = f32x4.splat(OWN_WEIGHT);
  const zero = i16x8.splat(0);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column += 8) {
      const at = row * stride + column;
      const from = at << 1;
      const weight = v128.load(weights + from);
      if (!v128.any_true(weight)) continue;
      const sum = v128.load(sums + from);
      const low = f32x4.div(
        f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(sum)),
        f32x4.add(own, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(weight))),
      );
      const high = f32x4.div(
        f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(sum)),
        f32x4.add(own, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(weight))),
      );
      const change = i16x8.narrow_i32x4_s(
        i32x4.trunc_sat_f32x4_s(f32x4.nearest(low)),
        i32x4.trunc_sat_f32x4_s(f32x4.nearest(high)),
      );
      const mean = i16x8.add(v128.load8x8_u(plane + at), change);
      v128.store64_lane(plane + at, i8x16.narrow_i16x8_u(mean, mean), 0);
      v128.store(sums + from, zero);
      v128.store(weights + from, zero);
    }
  }
}
