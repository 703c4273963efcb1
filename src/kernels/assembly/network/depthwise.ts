import { RAW, storeSums } from './linear';

/**
 * Words of a depth-wise layer's description: int32 and addresses. Strides are in bytes. The input has zeros around it.
 *
 * offsets: int32 [2 pairs], from an output's position to each tap, bytes.
 * weights: int16 [groups][pairs][8][2]: channel of the group, tap of the pair.
 * bias: int32 [groups][8]; scales: float32 [groups][8] (SCALED).
 */
@unmanaged
export class DepthwiseLayer {
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
  offsets: usize;
}

/** Sums over the surroundings of each position, channel by channel; results as those of `linear`. */
export function depthwise(layer: DepthwiseLayer): void {
  const step = layer.inputStep;
  const outputStep = layer.outputStep;
  const bytes = layer.kind == RAW ? 32 : 16;
  for (let row = 0; row < layer.height; row++) {
    for (let group = 0; group < layer.groups; group++) {
      const bias = layer.bias + (group << 5);
      const weights = layer.weights + ((group * layer.pairs) << 5);
      let from = layer.input + row * layer.inputRow + (group << 4);
      let to = layer.output + row * layer.outputRow + group * bytes;
      let column = 0;
      for (; column + 2 <= layer.width; column += 2) {
        let a0 = v128.load(bias);
        let a1 = v128.load(bias, 16);
        let b0 = a0;
        let b1 = a1;
        let weight = weights;
        let offset = layer.offsets;
        const end = offset + (layer.pairs << 3);
        while (offset < end) {
          const first = from + load<i32>(offset);
          const second = from + load<i32>(offset, 4);
          const w0 = v128.load(weight);
          const w1 = v128.load(weight, 16);
          let x = v128.load(first);
          let y = v128.load(second);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.shuffle(x, y, 0, 8, 1, 9, 2, 10, 3, 11), w0));
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i16x8.shuffle(x, y, 4, 12, 5, 13, 6, 14, 7, 15), w1));
          x = v128.load(first + step);
          y = v128.load(second + step);
          b0 = i32x4.add(b0, i32x4.dot_i16x8_s(i16x8.shuffle(x, y, 0, 8, 1, 9, 2, 10, 3, 11), w0));
          b1 = i32x4.add(b1, i32x4.dot_i16x8_s(i16x8.shuffle(x, y, 4, 12, 5, 13, 6, 14, 7, 15), w1));
          weight += 32;
          offset += 8;
        }
        finish(layer, to, group, a0, a1);
        finish(layer, to + outputStep, group, b0, b1);
        from += 2 * step;
        to += 2 * outputStep;
      }
      if (column < layer.width) {
        let a0 = v128.load(bias);
        let a1 = v128.load(bias, 16);
        for (let pair = 0; pair < layer.pairs; pair++) {
          const x = v128.load(from + load<i32>(layer.offsets + (pair << 3)));
          const y = v128.load(from + load<i32>(layer.offsets + (pair << 3), 4));
          const weight = weights + (pair << 5);
          a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.shuffle(x, y, 0, 8, 1, 9, 2, 10, 3, 11), v128.load(weight)));
          a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i16x8.shuffle(x, y, 4, 12, 5, 13, 6, 14, 7, 15), v128.load(weight, 16)));
        }
        finish(layer, to, group, a0, a1);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function finish(layer: DepthwiseLayer, to: usize, group: i32, sums0: v128, sums1: v128): void {
  storeSums(layer.kind, layer.shift, layer.low, layer.high, layer.scales + (group << 5), to, sums0, sums1);
}
