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
 * weights: int16 [groups][pairs][8][2]: output of the group, input of the pair.
 * bias: int32 [groups][8], or 0 to add to the sums that the output holds (RAW).
 * scales: float32 [groups][8] (SCALED).
 * list: room for int32 [pairs], or 0. With it, pairs of inputs are left out that are 0 at four positions.
 * wanted: uint8 [positions][groups], or 0. With it (and a list), groups of outputs that are 0 there may have any value.
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
  const width = layer.width;
  for (let row = 0; row < layer.height; row++) {
    const input = layer.input + row * layer.inputRow;
    const output = layer.output + row * layer.outputRow;
    for (let start = 0; start < width; start += STRIP) {
      const end = min(start + STRIP, width);
      if (layer.list != 0) {
        let column = start;
        for (; column + 4 <= end; column += 4) {
          const wanted = layer.wanted != 0 ? layer.wanted + column * layer.groups : 0;
          fourSparse(layer, input + column * layer.inputStep, output + column * layer.outputStep, wanted);
        }
        for (; column < end; column++) {
          for (let group = 0; group < layer.groups; group++) {
            if (layer.wanted != 0 && load<u8>(layer.wanted + column * layer.groups + group) == 0) continue;
            one(layer, input + column * layer.inputStep, output + column * layer.outputStep, group);
          }
        }
        continue;
      }
      for (let group = 0; group < layer.groups; group++) {
        let column = start;
        for (; column + 4 <= end; column += 4) {
          four(layer, input + column * layer.inputStep, output + column * layer.outputStep, group);
        }
        for (; column < end; column++) {
          one(layer, input + column * layer.inputStep, output + column * layer.outputStep, group);
        }
      }
    }
  }
}

function four(layer: LinearLayer, input: usize, output: usize, group: i32): void {
  const step = layer.inputStep;
  const outputStep = layer.outputStep;
  const bytes = layer.kind == RAW ? 32 : 16;
  const to = output + group * bytes;
  let a0: v128, a1: v128, b0: v128, b1: v128, c0: v128, c1: v128, d0: v128, d1: v128;
  if (layer.bias != 0) {
    const bias = layer.bias + (group << 5);
    a0 = b0 = c0 = d0 = v128.load(bias);
    a1 = b1 = c1 = d1 = v128.load(bias, 16);
  } else {
    a0 = v128.load(to);
    a1 = v128.load(to, 16);
    b0 = v128.load(to + outputStep);
    b1 = v128.load(to + outputStep, 16);
    c0 = v128.load(to + 2 * outputStep);
    c1 = v128.load(to + 2 * outputStep, 16);
    d0 = v128.load(to + 3 * outputStep);
    d1 = v128.load(to + 3 * outputStep, 16);
  }
  let weight = layer.weights + ((group * layer.pairs) << 5);
  let x0 = input;
  let x1 = input + step;
  let x2 = input + 2 * step;
  let x3 = input + 3 * step;
  const end = input + (layer.pairs << 2);
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
  finish(layer, to, group, a0, a1);
  finish(layer, to + outputStep, group, b0, b1);
  finish(layer, to + 2 * outputStep, group, c0, c1);
  finish(layer, to + 3 * outputStep, group, d0, d1);
}

/** All outputs of four positions from the pairs of inputs that are not 0 at all of them. */
function fourSparse(layer: LinearLayer, input: usize, output: usize, wanted: usize): void {
  const step = layer.inputStep;
  const outputStep = layer.outputStep;
  const bytes = layer.kind == RAW ? 32 : 16;
  const x1 = input + step;
  const x2 = input + 2 * step;
  const x3 = input + 3 * step;
  const list = layer.list;
  let end = list;
  for (let at = 0; at < layer.pairs << 2; at += 4) {
    const all = load<u32>(input + at) | load<u32>(x1 + at) | load<u32>(x2 + at) | load<u32>(x3 + at);
    store<i32>(end, at);
    end += all != 0 ? 4 : 0;
  }
  for (let group = 0; group < layer.groups; group++) {
    if (wanted != 0 && !isWanted(wanted + group, layer.groups)) continue;
    const bias = layer.bias + (group << 5);
    const weights = layer.weights + ((group * layer.pairs) << 5);
    const to = output + group * bytes;
    let a0 = v128.load(bias);
    let a1 = v128.load(bias, 16);
    let b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
    for (let next = list; next < end; next += 4) {
      const at = load<i32>(next);
      const weight = weights + (at << 3);
      const w0 = v128.load(weight);
      const w1 = v128.load(weight, 16);
      let x = v128.load32_splat(input + at);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, w0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, w1));
      x = v128.load32_splat(x1 + at);
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, w0));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, w1));
      x = v128.load32_splat(x2 + at);
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(x, w0));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(x, w1));
      x = v128.load32_splat(x3 + at);
      d0 = i32x4.add(d0, i32x4.dot_i16x8_s(x, w0));
      d1 = i32x4.add(d1, i32x4.dot_i16x8_s(x, w1));
    }
    finish(layer, to, group, a0, a1);
    finish(layer, to + outputStep, group, b0, b1);
    finish(layer, to + 2 * outputStep, group, c0, c1);
    finish(layer, to + 3 * outputStep, group, d0, d1);
  }
}

/** Whether one of four positions wants a group of outputs. */
// @ts-ignore: decorator
@inline
function isWanted(at: usize, groups: i32): bool {
  return (load<u8>(at) | load<u8>(at + groups) | load<u8>(at + 2 * groups) | load<u8>(at + 3 * groups)) != 0;
}

function one(layer: LinearLayer, input: usize, output: usize, group: i32): void {
  const to = output + group * (layer.kind == RAW ? 32 : 16);
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
