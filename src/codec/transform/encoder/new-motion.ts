import { BlockView } from '../../../kernels/block-view.js';
import type { Vector } from '../../../kernels/motion-search.js';
import { AVERAGE, MOTION_FIELDS, REGION } from '../frame-tokens.js';
import { MACROBLOCK, SUB_BLOCK } from '../../macroblock-grid.js';
import { referenceContext } from '../mode-contexts.js';
import { differenceClass, type MotionNeighbours } from '../motion.js';
import { LUMA_TAPS } from '../pack-tables.js';
import type { BlockJob, BlockTrials } from './block-trials.js';
import { MotionEstimation, type Partition } from './motion-estimation.js';

/** Names the starting points of the search in one slot's reference. */
export type AddStarts = (block: BlockJob, slot: number, estimation: MotionEstimation) => void;

/**
 * Search of a partition's new motion: a vector for each reference, then both vectors for the average, each is searched
 * while the other is fixed (Flierl, Wiegand, Girod 1998, "A locally optimal design algorithm for block-based
 * multi-hypothesis motion-compensated prediction").
 */
export class NewMotion {
  /** The best motion: reference, x0, y0, x1, y1. */
  readonly fields = new Int16Array(MOTION_FIELDS);
  /** Vectors that were found for each reference alone: x0, y0, x1, y1. */
  readonly single = new Int16Array(4);
  /** SATD of the best motion plus its bits, weighted. */
  cost = Infinity;
  /** Bits of the best motion, the `motion` symbol not counted. */
  bits = NaN;
  readonly #trials: BlockTrials;
  readonly #estimation: MotionEstimation;
  readonly #source = new BlockView();
  readonly #predictions: readonly [BlockView, BlockView];
  readonly #average: BlockView;
  readonly #target: BlockView;
  readonly #pair = new Int16Array(4);
  readonly #predicted: Vector = { x: 0, y: 0 };
  /** Cost of the vector of each slot alone, and its bits. */
  readonly #costs = new Float64Array(2);
  readonly #vectorBits = new Float64Array(2);
  /** Bits of each reference. */
  readonly #referenceBits = new Float64Array(3);

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#estimation = new MotionEstimation(trials);
    const block = (): BlockView => BlockView.allocate(trials.kernels, REGION);
    this.#predictions = [block(), block()];
    this.#average = block();
    this.#target = block();
  }

  /**
   * Searches a partition.
   *
   * @param neighbours gathered for the partition.
   * @param reference the references to search: 0, 1, or AVERAGE for both and their average.
   * @param refine true to search both vectors of an average again.
   */
  find(
    block: BlockJob,
    partition: Partition,
    neighbours: MotionNeighbours,
    reference: number,
    addStarts: AddStarts,
    refine: boolean,
  ): void {
    this.cost = Infinity;
    this.#begin(block, partition);
    this.#countReferenceBits(block, partition, neighbours);
    for (let slot = 0; slot < 2; slot++) {
      this.#costs[slot] = Infinity;
      if (reference === slot || reference === AVERAGE) this.#searchSlot(block, partition, neighbours, slot, addStarts);
    }
    if (reference !== AVERAGE) return;
    this.#pair.set(this.single);
    this.#predict(block, partition, 0);
    this.#predict(block, partition, 1);
    const first = this.#tryAverage(block);
    if (!refine || first > this.#trials.settings.motion.refineMargin * this.cost) return;
    // Start with the worse vector, because it can improve more.
    const worse = this.#costs[0]! < this.#costs[1]! ? 1 : 0;
    this.#refine(block, partition, neighbours, worse);
    this.#refine(block, partition, neighbours, 1 - worse);
  }

  /** Moves all views to a partition. */
  #begin({ source, row, column }: BlockJob, { y, x, size }: Partition): void {
    this.#source.moveTo(source.y, row * MACROBLOCK + y, column * MACROBLOCK + x, size);
    this.#predictions[0].resize(size);
    this.#predictions[1].resize(size);
    this.#average.resize(size);
    this.#target.resize(size);
  }

  /** Searches the vector of one slot alone. */
  #searchSlot(
    block: BlockJob,
    partition: Partition,
    neighbours: MotionNeighbours,
    slot: number,
    addStarts: AddStarts,
  ): void {
    const estimation = this.#estimation;
    const { found } = estimation;
    const predicted = this.#predictVector(neighbours, slot);
    estimation.clearStarts();
    estimation.addStart(predicted.x, predicted.y);
    addStarts(block, slot, estimation);
    const satd = estimation.search(block, slot, partition, this.#source, predicted, block.satdLambda);
    this.single[2 * slot] = found.x;
    this.single[2 * slot + 1] = found.y;
    const ownBits = this.#bitsOf(neighbours, slot, found, predicted);
    this.#vectorBits[slot] = ownBits;
    const bits = ownBits + this.#referenceBits[slot]!;
    const cost = satd + block.satdLambda * bits;
    this.#costs[slot] = cost;
    if (cost < this.cost) this.#keep(slot, this.single, cost, bits);
  }

  /** Searches one vector of the average while the other is fixed. */
  #refine(block: BlockJob, partition: Partition, neighbours: MotionNeighbours, slot: number): void {
    const estimation = this.#estimation;
    const { found } = estimation;
    const pair = this.#pair;
    this.#aim(1 - slot);
    estimation.clearStarts();
    estimation.addStart(pair[2 * slot]!, pair[2 * slot + 1]!);
    const predicted = this.#predictVector(neighbours, slot);
    // The difference to the target is twice that of the average to the source.
    estimation.search(block, slot, partition, this.#target, predicted, 2 * block.satdLambda);
    if (found.x === pair[2 * slot] && found.y === pair[2 * slot + 1]) return;
    pair[2 * slot] = found.x;
    pair[2 * slot + 1] = found.y;
    this.#vectorBits[slot] = this.#bitsOf(neighbours, slot, found, predicted);
    this.#predict(block, partition, slot);
    this.#tryAverage(block);
  }

  /** Cost of the average of both predictions, which is kept if it is the least. */
  #tryAverage(block: BlockJob): number {
    const { call } = this.#trials.kernels;
    const [a, b] = this.#predictions;
    const source = this.#source;
    const average = this.#average;
    const { size } = source;
    call.averageBlocks(a.at, a.stride, b.at, b.stride, average.at, average.stride, size, size);
    const satd = call.blockSatd(source.at, source.stride, average.at, average.stride, size);
    const bits = this.#vectorBits[0]! + this.#vectorBits[1]! + this.#referenceBits[AVERAGE]!;
    const cost = satd + block.satdLambda * bits;
    if (cost < this.cost) this.#keep(AVERAGE, this.#pair, cost, bits);
    return cost;
  }

  /** The prediction from one slot whose average with the other slot's prediction equals the source. */
  #aim(other: number): void {
    const { at, stride, size } = this.#source;
    const prediction = this.#predictions[other]!;
    const target = this.#target;
    const { call } = this.#trials.kernels;
    call.aimBlock(at, stride, prediction.at, prediction.stride, target.at, target.stride, size, size);
  }

  /** Luma prediction from one slot with the vector of the pair. */
  #predict(block: BlockJob, { y, x, size }: Partition, slot: number): void {
    const { references } = block;
    const plane = references.pictures[slot]!.y;
    const mvx = this.#pair[2 * slot]!;
    const mvy = this.#pair[2 * slot + 1]!;
    const top = block.row * MACROBLOCK + y + (mvy >> 2);
    const left = block.column * MACROBLOCK + x + (mvx >> 2);
    const from = plane.at + top * plane.stride + left;
    const to = this.#predictions[slot]!;
    const taps = this.#trials.tables.interpolation[references.interpolation]!;
    const { call } = this.#trials.kernels;
    call.compensate(from, plane.stride, to.at, to.stride, size, size, taps, LUMA_TAPS, mvx & 3, mvy & 3);
  }

  #keep(reference: number, vectors: Int16Array, cost: number, bits: number): void {
    this.fields[0] = reference;
    this.fields.set(vectors, 1);
    for (let slot = 0; slot < 2; slot++) {
      if (reference !== slot && reference !== AVERAGE) this.fields.fill(0, 1 + 2 * slot, 3 + 2 * slot);
    }
    this.cost = cost;
    this.bits = bits;
  }

  /** Returns the predicted vector for a slot; valid until the next call. */
  #predictVector(neighbours: MotionNeighbours, slot: number): Vector {
    this.#predicted.x = neighbours.predict(slot, 0);
    this.#predicted.y = neighbours.predict(slot, 1);
    return this.#predicted;
  }

  #countReferenceBits({ references }: BlockJob, { size }: Partition, neighbours: MotionNeighbours): void {
    const bits = this.#referenceBits;
    bits.fill(0);
    if (references.pictures[1] === null) return;
    const { reference } = this.#trials.rates.probabilities.modes;
    const context = referenceContext(neighbours, size / SUB_BLOCK);
    for (let value = 0; value < bits.length; value++) bits[value] = reference.cost(context, value);
  }

  /** Returns the bits of the difference between a vector for a slot and the predicted vector. */
  #bitsOf(neighbours: MotionNeighbours, slot: number, { x, y }: Vector, predicted: Vector): number {
    const { motionClass } = this.#trials.rates.probabilities.modes;
    const classOfX = differenceClass(x - predicted.x);
    const classOfY = differenceClass(y - predicted.y);
    const contextOfX = neighbours.classContext(slot, 0, predicted.x, 0);
    const contextOfY = neighbours.classContext(slot, 1, predicted.y, classOfX);
    // A class has one bit less after it than its number, and a sign.
    return motionClass.cost(contextOfX, classOfX) + classOfX + motionClass.cost(contextOfY, classOfY) + classOfY;
  }
}
