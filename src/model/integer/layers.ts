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

/** An array of weights, and the distances in it from output to output and from input to input. */
interface Matrix {
  readonly data: ArrayLike<number>;
  readonly row: number;
  readonly column: number;
  readonly first: number;
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
      const { inputs, data } = weights;
      return this.#pack(weights, result, paddedChannels(inputs) / 2, inputs, {
        data,
        row: inputs,
        column: 1,
        first: 0,
      });
    });
  }

  /** A depth-wise layer: its taps stand where inputs stand in others. */
  depthwise(weights: Weights, result: Result): PackedLayer {
    return this.#once(weights, () => {
      const { size, data } = weights;
      const taps = size * size;
      return this.#pack(weights, result, (taps + 1) >> 1, taps, { data, row: taps, column: 1, first: 0 });
    });
  }

  /** The taps of a transposed convolution, each a layer that mixes channels. */
  spread(weights: Weights): readonly PackedLayer[] {
    let taps = this.#taps.get(weights);
    if (taps === undefined) {
      const { outputs, inputs, data } = weights;
      const raw = { kind: 'raw' } as const;
      taps = Array.from({ length: 9 }, (_, first) =>
        this.#pack(weights, raw, paddedChannels(inputs) / 2, inputs, { data, row: 9, column: 9 * outputs, first }),
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
  #pack({ outputs, bias }: Weights, result: Result, pairs: number, inputs: number, matrix: Matrix): PackedLayer {
    const groups = Math.ceil(outputs / LANES);
    const packed = new Int16Array(groups * pairs * 2 * LANES);
    const { data, row, column, first } = matrix;
    for (let output = 0; output < outputs; output++) {
      const lane = output % LANES;
      const group = ((output - lane) * pairs + lane) * 2;
      for (let input = 0; input < inputs; input++) {
        packed[group + (input >> 1) * 2 * LANES + (input & 1)] = data[first + output * row + input * column]!;
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
      scales: result.kind === 'scaled' ? kernels.store(padded(new Float32Array(groups * LANES), result.scales)) : 0,
      ...{ groups, pairs },
    };
  }
}
