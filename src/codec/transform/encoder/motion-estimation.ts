import { BlockView } from '../../../kernels/block-view.js';
import { MotionSearch, type MotionLimits, type Vector } from '../../../kernels/motion-search.js';
import { MACROBLOCK } from '../../macroblock-grid.js';
import { MOTION_FIELDS } from '../frame-tokens.js';
import type { BlockJob, BlockTrials } from './block-trials.js';

/** A partition of a block: a square of `size` luma samples at (`y`, `x`) within it. */
export interface Partition {
  readonly y: number;
  readonly x: number;
  readonly size: number;
}

/** Motion search of partitions against one reference. */
export class MotionEstimation {
  /** The vector found last, quarter samples. */
  readonly found: Readonly<Vector>;
  readonly #trials: BlockTrials;
  readonly #search: MotionSearch;
  readonly #place = new BlockView();
  readonly #limits: MotionLimits = { minX: 0, maxX: 0, minY: 0, maxY: 0 };

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#search = new MotionSearch(
      trials.kernels,
      trials.settings.motion.searchSteps,
      trials.settings.motion.directions,
    );
    this.found = this.#search.found;
  }

  /** Forgets all starting points. */
  clearStarts(): void {
    this.#search.clearStarts();
  }

  /** Adds a starting point, quarter samples. */
  addStart(x: number, y: number): void {
    this.#search.addStart(x, y);
  }

  /**
   * Adds the vectors from the look-ahead for a macroblock and two of its neighbours.
   *
   * @param hints [macroblocks, 2], quarter samples of the half-size plane.
   */
  addHints({ row, column, at }: BlockJob, hints: Int16Array): void {
    const { columns, rows } = this.#trials.geometry;
    this.#addHint(hints, at);
    if (column + 1 < columns) this.#addHint(hints, at + 1);
    if (row + 1 < rows) this.#addHint(hints, at + columns);
  }

  /**
   * Adds the candidates' vectors to one slot.
   *
   * @param candidates [candidates, 5]: reference, x0, y0, x1, y1.
   */
  addCandidates(candidates: Int16Array, slot: number): void {
    for (let base = 0; base < candidates.length; base += MOTION_FIELDS) {
      if (candidates[base] === 1 - slot) continue;
      this.addStart(candidates[base + 1 + 2 * slot]!, candidates[base + 2 + 2 * slot]!);
    }
  }

  #addHint(hints: Int16Array, at: number): void {
    this.addStart(2 * hints[2 * at]!, 2 * hints[2 * at + 1]!);
  }

  /**
   * Searches a partition from the starting points; leaves the vector in {@link found} and returns its SATD, without the
   * vector's bits.
   *
   * @param wanted the block to search for; it has the size of the partition.
   * @param predicted the vector that differences are coded against.
   * @param lambda SATD per bit.
   */
  search(
    block: BlockJob,
    slot: number,
    { y, x, size }: Partition,
    wanted: BlockView,
    predicted: Vector,
    lambda: number,
  ): number {
    const { tables, settings } = this.#trials;
    const { outside, range } = settings.motion;
    const { references } = block;
    const reference = references.pictures[slot]!.y;
    const top = block.row * MACROBLOCK + y;
    const left = block.column * MACROBLOCK + x;
    // Interpolation and refinement read a little further than the vector points.
    const before = outside - 1 - Math.max(0, MACROBLOCK - size);
    const after = outside - 5 - Math.max(MACROBLOCK, size);
    const limits = this.#limits;
    limits.minX = Math.max(-range, -left - before);
    limits.maxX = Math.min(range, reference.width - left + after);
    limits.minY = Math.max(-range, -top - before);
    limits.maxY = Math.min(range, reference.height - top + after);
    this.#search.useTaps(tables.interpolation[references.interpolation]!);
    const place = this.#place.moveTo(reference, top, left, size);
    const cost = this.#search.search(wanted, place, limits, predicted, lambda);
    const { found } = this;
    return cost - lambda * (searchBits(found.x - predicted.x) + searchBits(found.y - predicted.y));
  }
}

/** Bits that the search counts for a component of a difference. */
function searchBits(difference: number): number {
  return difference === 0 ? 1 : 2 * (32 - Math.clz32(Math.abs(difference))) + 1;
}
