import type { Pointer } from '../../../kernels/kernels.js';
import type { BlockJob, BlockTrials } from './block-trials.js';

/** Starting points at most. */
const STARTS = 16;

/** A partition of a macroblock: a square of `size` luma samples at (`y`, `x`) within it. */
export interface Partition {
  readonly y: number;
  readonly x: number;
  readonly size: 8 | 16;
}

/** Motion search of partitions against one reference. */
export class MotionEstimation {
  /** The vector found last, quarter samples. */
  x = 0;
  y = 0;
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

  /**
   * Adds what the look-ahead found for a macroblock and two of its neighbours.
   *
   * @param hints [macroblocks, 2], quarter samples of the half-size plane.
   */
  addHints(block: BlockJob, hints: Int16Array): void {
    const { columns, rows } = this.#trials.geometry;
    const right = block.column + 1 < columns ? block.at + 1 : block.at;
    const below = block.row + 1 < rows ? block.at + columns : block.at;
    for (const at of [block.at, right, below]) this.addStart(2 * hints[2 * at]!, 2 * hints[2 * at + 1]!);
  }

  /**
   * Searches a partition from the starting points; leaves the vector in {@link x} and {@link y} and returns its SATD,
   * without the vector's bits.
   *
   * @param target what to look for, `stride` samples to the row.
   * @param lambda SATD per bit.
   */
  search(
    block: BlockJob,
    slot: number,
    { y, x, size }: Partition,
    target: Pointer,
    stride: number,
    predictedX: number,
    predictedY: number,
    lambda: number,
  ): number {
    const { kernels, tables, settings } = this.#trials;
    const { searchSteps, outside, range } = settings.motion;
    const { references } = block;
    const reference = references.pictures[slot]!.y;
    const top = block.row * 16 + y;
    const left = block.column * 16 + x;
    // Interpolation and refinement read a little further than the vector points.
    const before = outside - 1 - (16 - size);
    const after = outside - 5 - (16 - size) - size;
    const cost = kernels.call.searchMotion(
      target,
      stride,
      reference.at + top * reference.stride + left,
      reference.stride,
      size,
      this.#starts,
      this.#startCount,
      predictedX,
      predictedY,
      Math.max(-range, -left - before),
      Math.min(range, reference.width - left + after),
      Math.max(-range, -top - before),
      Math.min(range, reference.height - top + after),
      lambda,
      searchSteps,
      tables.interpolation[references.interpolation]!,
      this.#result,
    );
    this.x = kernels.i16[this.#result >> 1]!;
    this.y = kernels.i16[(this.#result >> 1) + 1]!;
    return cost - lambda * (searchBits(this.x - predictedX) + searchBits(this.y - predictedY));
  }
}

/** Bits that the search counts for a component of a difference. */
function searchBits(difference: number): number {
  return difference === 0 ? 1 : 2 * (32 - Math.clz32(Math.abs(difference))) + 1;
}
