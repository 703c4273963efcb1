import type { Kernels, Pointer } from './kernels.js';
import type { MotionSearch } from './motion-search.js';

/** Words of `EstimateParameters` in `assembly/block-estimates.ts`, in its order. */
const WORD = {
  plane: 0,
  first: 1,
  second: 2,
  stride: 3,
  columns: 4,
  rows: 5,
  firstMotion: 6,
  secondMotion: 7,
  search: 8,
  taps: 9,
  tapCount: 10,
  outsideBefore: 11,
  outsideAfter: 12,
  firstStarts: 13,
  secondStarts: 14,
  startScale: 15,
  scale: 16,
  noise: 17,
  isWanted: 18,
  estimates: 19,
  satds: 20,
} as const;
const WORDS = 21;

/** Values of an estimate: the cost; how many coefficients are worth coding; how many of these follow the prediction. */
export const ESTIMATE = { cost: 0, coded: 1, followed: 2 } as const;
export const ESTIMATE_VALUES = 3;

/** The blocks of all planes. */
export interface BlockLayout {
  /** Samples from one row of a plane to the next. */
  readonly stride: number;
  /** The number of blocks of 8x8 samples. */
  readonly columns: number;
  readonly rows: number;
  /** Samples that blocks may be moved outside the plane: to the left and up, to the right and down. */
  readonly outsideBefore: number;
  readonly outsideAfter: number;
  /** The filter of predictions: int16 [4, tapCount]; 2, 4 or 8 taps. */
  readonly taps: Pointer;
  readonly tapCount: number;
}

/** Fields of vectors from which searches begin too: [blocks, 2], quarter samples. */
export interface SearchStarts {
  readonly first: Int16Array | undefined;
  /** What the vectors of the first field are multiplied by. */
  readonly scale: number;
  readonly second: Int16Array | undefined;
}

/** A plane to predict from and the vectors to it: [blocks, 2], quarter samples. */
export interface MovedPlane {
  readonly plane: Pointer;
  readonly motion: Int16Array;
}

/**
 * Motion and costs of all blocks of a plane at once, in raster order (encoder only). All planes have the same layout, and
 * their edges are extended. What one method finds is overwritten by the next one.
 */
export class BlockEstimates {
  /** [blocks, ESTIMATE_VALUES]: estimates as the kernel `rateDistortion` makes them. */
  readonly estimates: Float32Array;
  /** [blocks]: SATD of the prediction; after a search, the costs that it returned. */
  readonly satds: Float32Array;
  /** [blocks, 2]: the vectors found, quarter samples. */
  readonly motion: Int16Array;
  /** [blocks]: 1 where the average is to be estimated, else 0. */
  readonly isWanted: Uint8Array;
  readonly #kernels: Kernels;
  readonly #parameters: Pointer;
  readonly #secondMotion: Int16Array;
  readonly #firstStarts: Int16Array;
  readonly #secondStarts: Int16Array;

  constructor(kernels: Kernels, layout: BlockLayout) {
    this.#kernels = kernels;
    const blocks = layout.columns * layout.rows;
    this.#parameters = kernels.allocate(4 * WORDS);
    const floats = (count: number): Float32Array => {
      const at = kernels.allocate(4 * count) >> 2;
      return kernels.f32.subarray(at, at + count);
    };
    const vectors = (): Int16Array => {
      const at = kernels.allocate(4 * blocks) >> 1;
      return kernels.i16.subarray(at, at + 2 * blocks);
    };
    this.estimates = floats(ESTIMATE_VALUES * blocks);
    this.satds = floats(blocks);
    this.motion = vectors();
    this.#secondMotion = vectors();
    this.#firstStarts = vectors();
    this.#secondStarts = vectors();
    this.isWanted = kernels.bytes(kernels.allocate(blocks), blocks);
    this.#set({
      ...layout,
      firstMotion: this.motion.byteOffset,
      secondMotion: this.#secondMotion.byteOffset,
      isWanted: this.isWanted.byteOffset,
      estimates: this.estimates.byteOffset,
      satds: this.satds.byteOffset,
    });
  }

  /**
   * Estimates each block, predicted as its rounded mean. Writes {@link estimates} and {@link satds}.
   *
   * @param scale what squares of 8x8 Hadamard coefficients are multiplied by.
   */
  alone(plane: Pointer, scale: number): void {
    this.#set({ plane });
    this.#setUnits(scale, 0);
    this.#kernels.call.estimateAlone(this.#parameters);
  }

  /**
   * Searches each block in another plane, from no motion, its neighbours' vectors and `starts` on, and estimates what is
   * found. Writes {@link motion}, {@link estimates} and, as the costs that `search` returns, {@link satds}.
   *
   * @param lambda SATD per bit of a vector.
   * @param scale as in {@link alone}.
   * @param noise quantisation noise of the other plane.
   */
  searched(
    plane: Pointer,
    first: Pointer,
    search: MotionSearch,
    starts: SearchStarts,
    lambda: number,
    scale: number,
    noise: number,
  ): void {
    if (starts.first !== undefined) this.#firstStarts.set(starts.first);
    if (starts.second !== undefined) this.#secondStarts.set(starts.second);
    this.#set({
      ...{ plane, first, search: search.parameters(lambda), startScale: starts.scale },
      firstStarts: starts.first === undefined ? 0 : this.#firstStarts.byteOffset,
      secondStarts: starts.second === undefined ? 0 : this.#secondStarts.byteOffset,
    });
    this.#setUnits(scale, noise);
    this.#kernels.call.estimateSearched(this.#parameters);
  }

  /**
   * Estimates the blocks that {@link isWanted} marks, predicted as averages of two moved planes. Writes their
   * {@link estimates}.
   *
   * @param scale, noise as in {@link searched}.
   */
  averages(plane: Pointer, first: MovedPlane, second: MovedPlane, scale: number, noise: number): void {
    this.motion.set(first.motion);
    this.#secondMotion.set(second.motion);
    this.#set({ plane, first: first.plane, second: second.plane });
    this.#setUnits(scale, noise);
    this.#kernels.call.estimateAverages(this.#parameters);
  }

  #set(words: Partial<Record<keyof typeof WORD, number>>): void {
    const { i32 } = this.#kernels;
    const at = this.#parameters >> 2;
    for (const [name, value] of Object.entries(words)) i32[at + WORD[name as keyof typeof WORD]] = value;
  }

  #setUnits(scale: number, noise: number): void {
    const { f32 } = this.#kernels;
    const at = this.#parameters >> 2;
    f32[at + WORD.scale] = scale;
    f32[at + WORD.noise] = noise;
  }
}
