import type { Pointer } from '../../kernels/kernels.js';
import { NO_REFERENCE, type FrameTokens } from '../frame-tokens.js';
import { CANDIDATES, MOTION_FIELDS, type MotionNeighbours } from '../motion.js';
import type { BlockJob, BlockTrials } from './block-trials.js';

/** Hexagon steps of the motion search. */
const SEARCH_STEPS = 24;
/** Vectors may point this far outside the picture, whole samples. */
const SEARCH_OUTSIDE = 24;
const SEARCH_RANGE = 1024;
/** Starting points at most. */
const STARTS = 16;

/** Motion search of partitions against the first reference. */
export class MotionEstimation {
  /** The vector found last: reference, x, y, 0, 0. */
  readonly vector = new Int16Array(MOTION_FIELDS);
  readonly #trials: BlockTrials;
  readonly #starts: Pointer;
  readonly #result: Pointer;
  #startCount = 0;

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#starts = trials.kernels.allocate(STARTS * 4);
    this.#result = trials.kernels.allocate(8);
  }

  /** Forgets all starting points. */
  clearStarts(): void {
    this.#startCount = 0;
  }

  /** Adds a starting point, quarter samples, unless it is there already. */
  addStart(x: number, y: number): void {
    const list = this.#trials.kernels.i16;
    const base = this.#starts >> 1;
    for (let i = 0; i < this.#startCount; i++) {
      if (list[base + 2 * i] === x && list[base + 2 * i + 1] === y) return;
    }
    list[base + 2 * this.#startCount] = x;
    list[base + 2 * this.#startCount + 1] = y;
    this.#startCount++;
  }

  /** Adds what the candidates and the frame before suggest for a macroblock. */
  addHints(block: BlockJob, candidates: Int16Array, hints: FrameTokens | null): void {
    this.addStart(0, 0);
    for (let i = 0; i < CANDIDATES; i++) {
      this.addStart(candidates[i * MOTION_FIELDS + 1]!, candidates[i * MOTION_FIELDS + 2]!);
    }
    if (hints === null) return;
    const { columns, rows } = this.#trials.geometry;
    const stride = 2 * columns;
    const right = block.column + 1 < columns ? block.sub + 2 : block.sub;
    const below = block.row + 1 < rows ? block.sub + 2 * stride : block.sub;
    for (const at of [block.sub, block.sub + stride + 1, right, below]) {
      if (hints.reference[at] !== NO_REFERENCE) this.addStart(hints.motion[at * 4]!, hints.motion[at * 4 + 1]!);
    }
  }

  /**
   * Searches the partition of `size` samples at (`y`, `x`) within the macroblock from the starting points; leaves the
   * vector in {@link vector} and returns its cost, SATD and estimated bits.
   */
  search(block: BlockJob, y: number, x: number, size: number, predictedX: number, predictedY: number): number {
    const { kernels, tables } = this.#trials;
    const { source, references } = block;
    const reference = references.pictures[0]!.y;
    const top = block.row * 16 + y;
    const left = block.column * 16 + x;
    // Interpolation and refinement read a little further than the vector points.
    const before = SEARCH_OUTSIDE - 1 - (16 - size);
    const after = SEARCH_OUTSIDE - 5 - (16 - size) - size;
    const cost = kernels.call.searchMotion(
      source.y.at + top * source.y.stride + left,
      source.y.stride,
      reference.at + top * reference.stride + left,
      reference.stride,
      size,
      this.#starts,
      this.#startCount,
      predictedX,
      predictedY,
      Math.max(-SEARCH_RANGE, -left - before),
      Math.min(SEARCH_RANGE, reference.width - left + after),
      Math.max(-SEARCH_RANGE, -top - before),
      Math.min(SEARCH_RANGE, reference.height - top + after),
      block.satdLambda,
      SEARCH_STEPS,
      tables.interpolation[references.interpolation]!,
      this.#result,
    );
    this.vector[1] = kernels.i16[this.#result >> 1]!;
    this.vector[2] = kernels.i16[(this.#result >> 1) + 1]!;
    return cost;
  }

  /** Bits of {@link vector} as a new motion, beside the `motion` symbol. */
  vectorBits(neighbours: MotionNeighbours, predictedX: number, predictedY: number): number {
    const { motionClass } = this.#trials.rates.tables.modes;
    let bits = 0;
    for (let component = 0; component < 2; component++) {
      const size = Math.abs(this.vector[1 + component]! - (component === 0 ? predictedX : predictedY));
      const index = size === 0 ? 0 : 32 - Math.clz32(size);
      bits += motionClass.cost(3 * component + neighbours.differenceContext(component), index) + index;
    }
    return bits;
  }
}
