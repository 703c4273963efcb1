import type { Kernels, Pointer } from '../../kernels/kernels.js';
import { LANES, paddedChannels } from './sizes.js';
import type { Result, Weights } from './program.js';

/** Weights of a layer in kernel memory, as the kernels read them. */
export interface PackedLayer {
  readonly weights: Pointer;
  readonly bias: Pointer;
  /** 0 if sums are not scaled. */
  readonly scales: Pointer;
  readonly groups: number;
  readonly pairs: number;
}

/** Writes the weights of a program's layers to kernel memory, once for all plans. */
export class Layers {
  readonly #kernels: Kernels;
  readonly #packed = new Map<Weights, PackedLayer>();
  readonly #taps = new Map<Weights, readonly PackedLayer[]>();

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** A layer that mixes channels. */
  linear(weights: Weights, result: Result): PackedLayer {
    return this.#once(weights, () => {
      const { outputs, inputs, data } = weights;
      return this.#pack(weights, result, paddedChannels(inputs) / 2, (output, input) =>
        output < outputs && input < inputs ? data[output * inputs + input]! : 0,
      );
    });
  }

  /** A depth-wise layer: its taps stand where inputs stand in others. */
  depthwise(weights: Weights, result: Result): PackedLayer {
    return this.#once(weights, () => {
      const { outputs, size, data } = weights;
      const taps = size * size;
      return this.#pack(weights, result, (taps + 1) >> 1, (output, tap) =>
        output < outputs && tap < taps ? data[output * taps + tap]! : 0,
      );
    });
  }

  /** The taps of a transposed convolution, each a layer that mixes channels. */
  spread(weights: Weights): readonly PackedLayer[] {
    let taps = this.#taps.get(weights);
    if (taps === undefined) {
      const { outputs, inputs, data } = weights;
      const raw = { kind: 'raw' } as const;
      taps = Array.from({ length: 9 }, (_, tap) =>
        this.#pack(weights, raw, paddedChannels(inputs) / 2, (output, input) =>
          output < outputs && input < inputs ? data[(input * outputs + output) * 9 + tap]! : 0,
        ),
      );
      this.#taps.set(weights, taps);
    }
    return taps;
  }

  #once(weights: Weights, pack: () => PackedLayer): PackedLayer {
    let packed = this.#packed.get(weights);
    if (packed === undefined) {
      packed = pack();
      this.#packed.set(weights, packed);
    }
    return packed;
  }

  /** int16 weights [groups][pairs][8][2], and what belongs to each output. */
  #pack(
    { outputs, bias }: Weights,
    result: Result,
    pairs: number,
    weightOf: (output: number, input: number) => number,
  ): PackedLayer {
    const groups = Math.ceil(outputs / LANES);
    const packed = new Int16Array(groups * pairs * 2 * LANES);
    let to = 0;
    for (let group = 0; group < groups; group++) {
      for (let pair = 0; pair < pairs; pair++) {
        for (let lane = 0; lane < LANES; lane++) {
          for (let i = 0; i < 2; i++) packed[to++] = weightOf(group * LANES + lane, 2 * pair + i);
        }
      }
    }
    const kernels = this.#kernels;
    const padded = <T extends Int32Array | Float32Array>(target: T, values: ArrayLike<number>): T => {
      target.set(values);
      return target;
    };
    return {
      weights: kernels.store(packed),
      bias: kernels.store(padded(new Int32Array(groups * LANES), bias)),
      scales:
        result.kind === 'scaled' ? kernels.store(padded(new Float32Array(groups * LANES), result.scales)) : 0,
      ...{ groups, pairs },
    };
  }
}
