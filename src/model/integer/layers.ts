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

/** int16 weights in kernel memory, and the distances in it from output to output and from input to input. */
interface Matrix {
  readonly at: Pointer;
  readonly row: number;
  readonly column: number;
}

/** Writes the weights of a program's layers to kernel memory, once for all plans. */
export class Layers {
  readonly #kernels: Kernels;
  readonly #packed = new Map<Weights, PackedLayer>();
  readonly #taps = new Map<Weights, readonly PackedLayer[]>();

  #staged = { at: 0, length: 0 };

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /**
   * A layer that mixes channels.
   *
   * @param tile groups of outputs whose weights stand together for each pair of inputs.
   */
  linear(weights: Weights, result: Result, tile: number): PackedLayer {
    return this.#once(weights, () => {
      const { inputs, data } = weights;
      const matrix = { at: this.#stage(data), row: inputs, column: 1 };
      return this.#pack(weights, result, paddedChannels(inputs) / 2, inputs, matrix, tile);
    });
  }

  /** A depth-wise layer: its taps stand where inputs stand in others. */
  depthwise(weights: Weights, result: Result): PackedLayer {
    return this.#once(weights, () => {
      const { size, data } = weights;
      const taps = size * size;
      return this.#pack(weights, result, (taps + 1) >> 1, taps, { at: this.#stage(data), row: taps, column: 1 });
    });
  }

  /** The taps of a transposed convolution, each a layer that mixes channels. */
  spread(weights: Weights): readonly PackedLayer[] {
    let taps = this.#taps.get(weights);
    if (taps === undefined) {
      const { outputs, inputs, data } = weights;
      const raw = { kind: 'raw' } as const;
      const at = this.#stage(data);
      taps = Array.from({ length: 9 }, (_, tap) =>
        this.#pack(weights, raw, paddedChannels(inputs) / 2, inputs, { at: at + 2 * tap, row: 9, column: 9 * outputs }),
      );
      this.#taps.set(weights, taps);
    }
    return taps;
  }

  /** Copies weights to a place that the next ones overwrite. */
  #stage(data: ArrayLike<number>): Pointer {
    const kernels = this.#kernels;
    if (data.length > this.#staged.length) {
      this.#staged = { at: kernels.allocate(2 * data.length), length: data.length };
    }
    kernels.i16.set(data, this.#staged.at >> 1);
    return this.#staged.at;
  }

  #once(weights: Weights, pack: () => PackedLayer): PackedLayer {
    let packed = this.#packed.get(weights);
    if (packed === undefined) {
      packed = pack();
      this.#packed.set(weights, packed);
    }
    return packed;
  }

  /** int16 weights [groups / tile][pairs][tile][8][2], and what belongs to each output. */
  #pack(
    { outputs, bias }: Weights,
    result: Result,
    pairs: number,
    inputs: number,
    matrix: Matrix,
    tile = 1,
  ): PackedLayer {
    const groups = Math.ceil(outputs / LANES);
    const kernels = this.#kernels;
    const { at, row, column } = matrix;
    const packed = kernels.allocate(groups * pairs * 4 * LANES);
    kernels.call.packWeights(at, row, column, outputs, inputs, pairs, tile, packed);
    const padded = <T extends Int32Array | Float32Array>(target: T, values: ArrayLike<number>): T => {
      target.set(values);
      return target;
    };
    return {
      weights: packed,
      bias: kernels.store(padded(new Int32Array(groups * LANES), bias)),
      scales: result.kind === 'scaled' ? kernels.store(padded(new Float32Array(groups * LANES), result.scales)) : 0,
      ...{ groups, pairs },
    };
  }
}
