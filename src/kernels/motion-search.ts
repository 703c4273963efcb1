import type { BlockView, Samples } from './block-view.js';
import type { Kernels, Pointer } from './kernels.js';

/** A motion vector, quarter samples. */
export interface Vector {
  x: number;
  y: number;
}

/** How many directions a search of parts of a sample tries. */
export type SearchDirections = 0 | 4 | 8;

/** The limits of vectors, whole samples. */
export interface MotionLimits {
  minX: number;
  maxX: number;
  minY: number;
  maxY: number;
}

/** Words of `SearchParameters` in `assembly/motion-search.ts`, in its order. */
const WORD = {
  wanted: 0,
  wantedStride: 1,
  size: 2,
  reference: 3,
  referenceStride: 4,
  predictedX: 5,
  predictedY: 6,
  minX: 7,
  maxX: 8,
  minY: 9,
  maxY: 10,
  lambda: 11,
  starts: 12,
  startCount: 13,
  steps: 14,
  taps: 15,
  tapCount: 16,
  directions: 17,
  foundX: 18,
  foundY: 19,
} as const;
const WORDS = 20;
/** Starting points at most. */
const MAX_STARTS = 16;

/**
 * Rate-aware motion search of square blocks, with its parameters in kernel memory. Starting points are added, then
 * {@link search} uses them; one instance serves all blocks.
 */
export class MotionSearch {
  /** The vector found last, quarter samples. */
  readonly found: Vector = { x: 0, y: 0 };
  readonly #kernels: Kernels;
  readonly #parameters: Pointer;
  readonly #starts: Pointer;
  #startCount = 0;

  /**
   * @param steps hexagon steps of one search at most.
   * @param directions in which parts of a sample are searched: 8; 4, in half the time; or 0, whole samples alone.
   */
  constructor(kernels: Kernels, steps: number, directions: SearchDirections = 8) {
    this.#kernels = kernels;
    this.#parameters = kernels.allocate(WORDS * 4);
    this.#starts = kernels.allocate(MAX_STARTS * 4);
    const at = this.#parameters >> 2;
    kernels.i32[at + WORD.starts] = this.#starts;
    kernels.i32[at + WORD.steps] = steps;
    kernels.i32[at + WORD.directions] = directions;
  }

  /** Sets the luma filter of the following searches: the address of int16 [4, tapCount] taps; 2, 4 or 8 of them. */
  useTaps(taps: Pointer, tapCount = 8): void {
    const at = this.#parameters >> 2;
    this.#kernels.i32[at + WORD.taps] = taps;
    this.#kernels.i32[at + WORD.tapCount] = tapCount;
  }

  /** The address of the parameters, for kernels that search many blocks with `lambda` SATD per bit. */
  parameters(lambda: number): Pointer {
    this.#kernels.f32[(this.#parameters >> 2) + WORD.lambda] = lambda;
    return this.#parameters;
  }

  /** Forgets all starting points. */
  clearStarts(): void {
    this.#startCount = 0;
  }

  /** Adds a starting point, quarter samples, unless it is there already. 16 fit. */
  addStart(x: number, y: number): void {
    const list = this.#kernels.i16;
    const base = this.#starts >> 1;
    for (let i = 0; i < this.#startCount; i++) {
      if (list[base + 2 * i] === x && list[base + 2 * i + 1] === y) return;
    }
    list[base + 2 * this.#startCount] = x;
    list[base + 2 * this.#startCount + 1] = y;
    this.#startCount++;
  }

  /**
   * Searches the block that is most similar to `wanted`, from the starting points. Writes its vector to {@link found}.
   *
   * @param reference the position of the wanted block in the reference. Samples around it are read up to the limits.
   * @param predicted the predicted vector.
   * @param lambda SATD per bit.
   * @returns SATD (SAD if whole samples alone are searched) plus lambda times the estimated bits of the vector.
   */
  search(wanted: BlockView, reference: Samples, limits: MotionLimits, predicted: Vector, lambda: number): number {
    const kernels = this.#kernels;
    const words = kernels.i32;
    const at = this.#parameters >> 2;
    words[at + WORD.wanted] = wanted.at;
    words[at + WORD.wantedStride] = wanted.stride;
    words[at + WORD.size] = wanted.size;
    words[at + WORD.reference] = reference.at;
    words[at + WORD.referenceStride] = reference.stride;
    words[at + WORD.predictedX] = predicted.x;
    words[at + WORD.predictedY] = predicted.y;
    words[at + WORD.minX] = limits.minX;
    words[at + WORD.maxX] = limits.maxX;
    words[at + WORD.minY] = limits.minY;
    words[at + WORD.maxY] = limits.maxY;
    kernels.f32[at + WORD.lambda] = lambda;
    words[at + WORD.startCount] = this.#startCount;
    const cost = kernels.call.searchMotion(this.#parameters);
    this.found.x = words[at + WORD.foundX]!;
    this.found.y = words[at + WORD.foundY]!;
    return cost;
  }
}
