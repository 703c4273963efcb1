/**
 * Integers at each position of a grid: [rows, columns, channels], int16, or int32 if wide. Graphs of rows have grids of
 * one row.
 */
export interface Grid {
  readonly id: number;
  readonly channels: number;
  readonly isWide: boolean;
  /** The least and the greatest value that it can hold. */
  readonly low: number;
  readonly high: number;
}

/** Some channels of a grid, without its outermost `trim` positions on each side. */
export interface View {
  readonly grid: Grid;
  readonly first: number;
  readonly channels: number;
  readonly trim: number;
}

/** What becomes of the sums of a layer. */
export type Result =
  | { readonly kind: 'raw' }
  /** clip(sum >> shift, low, high) */
  | { readonly kind: 'shifted'; readonly shift: number; readonly low: number; readonly high: number }
  /** The float32 product of sum and scale, limited to low..high, rounded to nearest, halves to even. */
  | { readonly kind: 'scaled'; readonly scales: Float32Array; readonly low: number; readonly high: number };

/** Weights of a layer, [outputs, inputs, size, size] row-major, and what is added. */
export interface Weights {
  readonly outputs: number;
  /** Inputs of each output. */
  readonly inputs: number;
  readonly size: number;
  readonly data: ArrayLike<number>;
  readonly bias: Int32Array;
}

/** A term of a sum: a grid times factors, one for each channel. */
export interface Term {
  readonly view: View;
  readonly factors: readonly number[];
}

/** A step of a program. Steps write into grids in order; every view was written before. */
export type Step =
  /** An input of the graph: bytes. */
  | { readonly op: 'input'; readonly name: string; readonly output: View }
  /** Mixes the channels of each position. */
  | {
      readonly op: 'linear';
      readonly input: View;
      readonly output: View;
      readonly weights: Weights;
      readonly result: Result;
    }
  /** Mixes the surroundings of each position, channel by channel. Zeros lie around the grid. */
  | {
      readonly op: 'depthwise';
      readonly input: View;
      readonly output: View;
      readonly weights: Weights;
      readonly result: Result;
    }
  /**
   * A transposed convolution of 3x3 taps and stride 2, [h, w] to [2 h - 1, 2 w - 1]. Output (2 i + dy, 2 j + dx) takes
   * input (i, j) times tap (1 + dy, 1 + dx).
   */
  | { readonly op: 'spread'; readonly input: View; readonly output: View; readonly weights: Weights }
  /** clip((sum of terms + offset) >> shift, low, high) */
  | {
      readonly op: 'combine';
      readonly terms: readonly Term[];
      readonly offset: number;
      readonly shift: number;
      readonly low: number;
      readonly high: number;
      readonly output: View;
    }
  /** The sum of terms in float32, limited to low..high, rounded to nearest, halves to even. */
  | {
      readonly op: 'mix';
      readonly terms: readonly Term[];
      readonly low: number;
      readonly high: number;
      readonly output: View;
    }
  /** Squares of a plane become channels. */
  | { readonly op: 'fold'; readonly input: View; readonly output: View; readonly block: number }
  /** The inverse of it. */
  | { readonly op: 'unfold'; readonly input: View; readonly output: View; readonly block: number }
  /** An output of the graph: values 0..255 as bytes. */
  | { readonly op: 'output'; readonly name: string; readonly input: View };

/** A graph as a list of steps with integers. */
export interface Program {
  /** Whether inputs are [count, channels] instead of [count, channels, height, width]. */
  readonly isRows: boolean;
  readonly inputs: readonly { readonly name: string; readonly channels: number }[];
  readonly outputs: readonly { readonly name: string; readonly channels: number }[];
  readonly gridCount: number;
  readonly steps: readonly Step[];
}
