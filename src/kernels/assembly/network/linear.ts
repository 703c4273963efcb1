// Layers that mix the channels of one position. Activations and weights are int16, sums int32.

/** What becomes of the sums. */
// @ts-ignore: decorator
@inline
export const RAW: i32 = 0;
// @ts-ignore: decorator
@inline
export const SHIFTED: i32 = 1;
// @ts-ignore: decorator
@inline
export const SCALED: i32 = 2;

/** Adding it to a float32 of magnitude below 2^22 rounds to nearest, halves to even; its bits then hold the integer. */
const ROUNDER: f32 = 12582912.0;

/**
 * Words of a layer's description: int32 and addresses. Grids are rows of positions; strides are in bytes.
 *
 * pairs: a multiple of 4.
 * weights: int16 [groups][pairs][8][2]: output of the group, input of the pair; with a list, [groups / 2][pairs][2][8][2].
 * bias: int32 [groups][8], or 0 to add to the sums that the output holds (RAW).
 * scales: float32 [groups][8] (SCALED).
 * list: room for int32 [pairs + 1][3], or 0. With it, pairs of inputs are left out that are 0 at two positions; `groups`
 * is even and sums begin from the bias.
 * wanted: uint8 [positions][groups], or 0. With it, and without a list, groups of outputs that are 0 there are left out.
 * places: room for int32 [65], needed with `wanted`.
 */
@unmanaged
export class LinearLayer {
  input: usize;
  inputStep: i32;
  inputRow: i32;
  output: usize;
  outputStep: i32;
  outputRow: i32;
  width: i32;
  height: i32;
  pairs: i32;
  groups: i32;
  weights: usize;
  bias: usize;
  scales: usize;
  kind: i32;
  shift: i32;
  low: i32;
  high: i32;
  list: usize;
  wanted: usize;
  places: usize;
}

/** Positions that all groups of outputs visit before the next ones: their inputs stay in the first cache. */
const STRIP: i32 = 64;

/**
 * Sums of a layer for a grid of positions.
 *
 * RAW: int32 sums. SHIFTED: int16 clip(sum >> shift, low, high). SCALED: int16 of the float32 product of sum and scale,
 * limited to low..high and rounded, halves to even.
 */
export function linear(layer: LinearLayer): void {
  const step = layer.inputStep;
  const outputStep = layer.outputStep;
  const bytes = layer.kind == RAW ? 32 : 16;
  for (let row = 0; row < layer.height; row++) {
    const input = layer.input + row * layer.inputRow;
    const output = layer.output + row * layer.outputRow;
    for (let start = 0; start < layer.width; start += STRIP) {
      const count = min(STRIP, layer.width - start);
      const from = input + start * step;
      const to = output + start * outputStep;
      if (layer.list != 0) {
        for (let column = 0; column < count; column += 2) {
          const next = min(column + 1, count - 1);
          twoSparse(layer, from + column * step, from + next * step, to + column * outputStep, to + next * outputStep);
        }
        continue;
      }
      for (let group = 0; group < layer.groups; group++) {
        if (layer.wanted == 0) all(layer, group, from, to + group * bytes, count);
        else allWanted(layer, group, from, to + group * bytes, count, layer.wanted + start * layer.groups + group);
      }
    }
  }
}

/** A group of outputs of `count` positions, at most STRIP. */
function all(layer: LinearLayer, group: i32, input: usize, output: usize, count: i32): void {
  const step = layer.inputStep;
  const outputStep = layer.outputStep;
  for (; count >= 4; count -= 4) {
    four(
      layer,
      group,
      input,
      input + step,
      input + 2 * step,
      input + 3 * step,
      output,
      output + outputStep,
      output + 2 * outputStep,
      output + 3 * outputStep,
    );
    input += 4 * step;
    output += 4 * outputStep;
  }
  for (; count > 0; count--) {
    one(layer, group, input, output);
    input += step;
    output += outputStep;
  }
}

/** The same for those positions that want the group; `wanted` is where the first one says so. */
function allWanted(layer: LinearLayer, group: i32, input: usize, output: usize, count: i32, wanted: usize): void {
  const step = layer.inputStep;
  const outputStep = layer.outputStep;
  let place = layer.places;
  for (let position = 0; position < count; position++) {
    store<i32>(place, position);
    place += load<u8>(wanted + position * layer.groups) != 0 ? 4 : 0;
  }
  const end = place;
  place = layer.places;
  for (; place + 16 <= end; place += 16) {
    const first = load<i32>(place);
    const second = load<i32>(place, 4);
    const third = load<i32>(place, 8);
    const fourth = load<i32>(place, 12);
    four(
      layer,
      group,
      input + first * step,
      input + second * step,
      input + third * step,
      input + fourth * step,
      output + first * outputStep,
      output + second * outputStep,
      output + third * outputStep,
      output + fourth * outputStep,
    );
  }
  for (; place < end; place += 4) {
    const position = load<i32>(place);
    one(layer, group, input + position * step, output + position * outputStep);
  }
}

/** A group of outputs of four positions, whose inputs and outputs stand at these addresses. */
function four(
  layer: LinearLayer,
  group: i32,
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  to0: usize,
  to1: usize,
  to2: usize,
  to3: usize,
): void {
  let a0: v128, a1: v128, b0: v128, b1: v128, c0: v128, c1: v128, d0: v128, d1: v128;
  if (layer.bias != 0) {
    const bias = layer.bias + (group << 5);
    a0 = b0 = c0 = d0 = v128.load(bias);
    a1 = b1 = c1 = d1 = v128.load(bias, 16);
  } else {
    a0 = v128.load(to0);
    a1 = v128.load(to0, 16);
    b0 = v128.load(to1);
    b1 = v128.load(to1, 16);
    c0 = v128.load(to2);
    c1 = v128.load(to2, 16);
    d0 = v128.load(to3);
    d1 = v128.load(to3, 16);
  }
  let weight = layer.weights + ((group * layer.pairs) << 5);
  const end = x0 + (layer.pairs << 2);
  while (x0 < end) {
    const w0 = v128.load(weight);
    const w1 = v128.load(weight, 16);
    let x = v128.load32_splat(x0);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, w0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(x1);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, w0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(x2);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(x, w0));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(x3);
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(x, w0));
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(x, w1));
    weight += 32;
    x0 += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
  }
  finish(layer, to0, group, a0, a1);
  finish(layer, to1, group, b0, b1);
  finish(layer, to2, group, c0, c1);
  finish(layer, to3, group, d0, d1);
}

/** All outputs of two positions from the pairs of inputs that are not 0 at both; both may be the same position. */
function twoSparse(layer: LinearLayer, input: usize, second: usize, output: usize, secondOutput: usize): void {
  const bytes = layer.kind == RAW ? 32 : 16;
  const list = layer.list;
  const inputs = layer.pairs << 2;
  let end = list;
  for (let at = 0; at < inputs; at += 16) {
    const x = v128.load(input + at);
    const y = v128.load(second + at);
    const some = v128.or(x, y);
    if (!v128.any_true(some)) continue;
    const low = i32x4.shuffle(x, y, 0, 4, 1, 5);
    const high = i32x4.shuffle(x, y, 2, 6, 3, 7);
    store<i32>(end, at);
    v128.store64_lane(end, low, 0, 4);
    end += i32x4.extract_lane(some, 0) != 0 ? 12 : 0;
    store<i32>(end, at + 4);
    v128.store64_lane(end, low, 1, 4);
    end += i32x4.extract_lane(some, 1) != 0 ? 12 : 0;
    store<i32>(end, at + 8);
    v128.store64_lane(end, high, 0, 4);
    end += i32x4.extract_lane(some, 2) != 0 ? 12 : 0;
    store<i32>(end, at + 12);
    v128.store64_lane(end, high, 1, 4);
    end += i32x4.extract_lane(some, 3) != 0 ? 12 : 0;
  }
  for (let group = 0; group < layer.groups; group += 2) {
    const weights = layer.weights + ((group * layer.pairs) << 5);
    const bias = layer.bias + (group << 5);
    let a0 = v128.load(bias);
    let a1 = v128.load(bias, 16);
    let b0 = v128.load(bias, 32);
    let b1 = v128.load(bias, 48);
    let c0 = a0, c1 = a1, d0 = b0, d1 = b1;
    for (let next = list; next < end; next += 12) {
      const weight = weights + (load<u32>(next) << 4);
      const x = v128.load32_splat(next, 4);
      const y = v128.load32_splat(next, 8);
      let w = v128.load(weight);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, w));
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(y, w));
      w = v128.load(weight, 16);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, w));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(y, w));
      w = v128.load(weight, 32);
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, w));
      d0 = i32x4.add(d0, i32x4.dot_i16x8_s(y, w));
      w = v128.load(weight, 48);
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, w));
      d1 = i32x4.add(d1, i32x4.dot_i16x8_s(y, w));
    }
    const to = output + group * bytes;
    const secondTo = secondOutput + group * bytes;
    finish(layer, to, group, a0, a1);
    finish(layer, to + bytes, group + 1, b0, b1);
    finish(layer, secondTo, group, c0, c1);
    finish(layer, secondTo + bytes, group + 1, d0, d1);
  }
}

function one(layer: LinearLayer, group: i32, input: usize, to: usize): void {
  const start = layer.bias != 0 ? layer.bias + (group << 5) : to;
  let a0 = v128.load(start);
  let a1 = v128.load(start, 16);
  let weight = layer.weights + ((group * layer.pairs) << 5);
  const end = input + (layer.pairs << 2);
  for (let at = input; at < end; at += 4) {
    const x = v128.load32_splat(at);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, v128.load(weight)));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, v128.load(weight, 16)));
    weight += 32;
  }
  finish(layer, to, group, a0, a1);
}

// @ts-ignore: decorator
@inline
function finish(layer: LinearLayer, to: usize, group: i32, sums0: v128, sums1: v128): void {
  storeSums(layer.kind, layer.shift, layer.low, layer.high, layer.scales + (group << 5), to, sums0, sums1);
}

/** Stores the sums of 8 outputs as `kind` says; `scales` (SCALED) are those of these outputs. */
// @ts-ignore: decorator
@inline
export function storeSums(
  kind: i32,
  shift: i32,
  low: i32,
  high: i32,
  scales: usize,
  to: usize,
  sums0: v128,
  sums1: v128,
): void {
  if (kind == RAW) {
    v128.store(to, sums0);
    v128.store(to, sums1, 16);
  } else if (kind == SHIFTED) {
    v128.store(to, shifted(sums0, sums1, shift, low, high));
  } else {
    v128.store(to, scaled(sums0, sums1, scales, low, high));
  }
}

/** int16 clip(sum >> shift, low, high). */
// @ts-ignore: decorator
@inline
function shifted(sums0: v128, sums1: v128, shift: i32, low: i32, high: i32): v128 {
  const narrow = i16x8.narrow_i32x4_s(i32x4.shr_s(sums0, shift), i32x4.shr_s(sums1, shift));
  return i16x8.min_s(i16x8.max_s(narrow, i16x8.splat(<i16>low)), i16x8.splat(<i16>high));
}

/** int16 of sum times scale, limited and rounded to nearest, halves to even. */
// @ts-ignore: decorator
@inline
function scaled(sums0: v128, sums1: v128, scales: usize, low: i32, high: i32): v128 {
  return i16x8.narrow_i32x4_s(
    rounded(f32x4.mul(f32x4.convert_i32x4_s(sums0), v128.load(scales)), low, high),
    rounded(f32x4.mul(f32x4.convert_i32x4_s(sums1), v128.load(scales, 16)), low, high),
  );
}

// @ts-ignore: decorator
@inline
export function rounded(values: v128, low: i32, high: i32): v128 {
  const limited = f32x4.pmin(f32x4.pmax(values, f32x4.splat(<f32>low)), f32x4.splat(<f32>high));
  return i32x4.sub(f32x4.add(limited, f32x4.splat(ROUNDER)), f32x4.splat(ROUNDER));
}
