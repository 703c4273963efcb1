import type { Pointer } from '../../../kernels/kernels.js';
import { AVERAGE, MOTION_FIELDS } from '../frame-tokens.js';
import type { MotionNeighbours } from '../motion.js';
import type { BlockJob, BlockTrials } from './block-trials.js';
import { MotionEstimation, type Partition } from './motion-estimation.js';

/** Symbol of `motion` for a new motion. */
export const NEW_MOTION = 3;

/**
 * Search of a partition's new motion: a vector for each reference, then both vectors for the average, each moved while
 * the other is held (Flierl, Wiegand, Girod 1998, "A locally optimal design algorithm for block-based multi-hypothesis
 * motion-compensated prediction").
 */
export class NewMotion {
  /** The best motion: reference, x0, y0, x1, y1. */
  readonly fields = new Int16Array(MOTION_FIELDS);
  /** Vectors that were found for each reference alone: x0, y0, x1, y1. */
  readonly single = new Int16Array(4);
  /** SATD of the best motion plus its bits, weighted. */
  cost = Infinity;
  /** Bits of the best motion, the `motion` symbol not counted. */
  bits = 0;
  readonly #trials: BlockTrials;
  readonly #estimation: MotionEstimation;
  readonly #predictions: readonly [Pointer, Pointer];
  readonly #average: Pointer;
  readonly #target: Pointer;
  readonly #pair = new Int16Array(4);

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#estimation = new MotionEstimation(trials);
    const { kernels } = trials;
    this.#predictions = [kernels.allocate(256), kernels.allocate(256)];
    this.#average = kernels.allocate(256);
    this.#target = kernels.allocate(256);
  }

  /**
   * Searches a partition.
   *
   * @param neighbours gathered for the partition.
   * @param reference what to search: 0, 1, or AVERAGE for both and their average.
   * @param addStarts names starting points of a slot.
   * @param refine whether both vectors of an average are searched again.
   */
  find(
    block: BlockJob,
    partition: Partition,
    neighbours: MotionNeighbours,
    reference: number,
    addStarts: (estimation: MotionEstimation, slot: number) => void,
    refine: boolean,
  ): void {
    this.cost = Infinity;
    const { stride } = block.source.y;
    const source = this.#sourceOf(block, partition);
    const costs = [Infinity, Infinity];
    const vectorBits = [0, 0];
    for (let slot = 0; slot < 2; slot++) {
      if (reference !== slot && reference !== AVERAGE) continue;
      const estimation = this.#estimation;
      const [x, y] = [neighbours.predict(slot, 0), neighbours.predict(slot, 1)];
      estimation.clearStarts();
      estimation.addStart(x, y);
      addStarts(estimation, slot);
      const satd = estimation.search(block, slot, partition, source, stride, x, y, block.satdLambda);
      this.single[2 * slot] = estimation.x;
      this.single[2 * slot + 1] = estimation.y;
      const ownBits = this.#vectorBits(neighbours, slot, estimation.x, estimation.y);
      vectorBits[slot] = ownBits;
      const bits = ownBits + this.#referenceBits(block, slot);
      const cost = satd + block.satdLambda * bits;
      costs[slot] = cost;
      if (cost < this.cost) this.#keep(slot, this.single, cost, bits);
    }
    if (reference !== AVERAGE) return;
    this.#pair.set(this.single);
    this.#predict(block, partition, 0);
    this.#predict(block, partition, 1);
    const first = this.#tryAverage(block, partition, vectorBits[0]! + vectorBits[1]!);
    if (!refine || first > this.#trials.settings.motion.refineMargin * this.cost) return;
    // The worse of the two first: it has more to gain.
    const slots = costs[0]! < costs[1]! ? [1, 0] : [0, 1];
    for (const slot of slots) this.#refine(block, partition, neighbours, slot, vectorBits);
  }

  /** Searches one vector of the average while the other is held. */
  #refine(
    block: BlockJob,
    partition: Partition,
    neighbours: MotionNeighbours,
    slot: number,
    vectorBits: number[],
  ): void {
    const { size } = partition;
    const estimation = this.#estimation;
    const pair = this.#pair;
    this.#aim(block, partition, 1 - slot);
    estimation.clearStarts();
    estimation.addStart(pair[2 * slot]!, pair[2 * slot + 1]!);
    const [x, y] = [neighbours.predict(slot, 0), neighbours.predict(slot, 1)];
    // The difference to the target is twice that of the average to the source.
    estimation.search(block, slot, partition, this.#target, size, x, y, 2 * block.satdLambda);
    if (estimation.x === pair[2 * slot] && estimation.y === pair[2 * slot + 1]) return;
    pair[2 * slot] = estimation.x;
    pair[2 * slot + 1] = estimation.y;
    vectorBits[slot] = this.#vectorBits(neighbours, slot, estimation.x, estimation.y);
    this.#predict(block, partition, slot);
    this.#tryAverage(block, partition, vectorBits[0]! + vectorBits[1]!);
  }

  /** Cost of the average of both predictions, which is kept if it is the least. */
  #tryAverage(block: BlockJob, partition: Partition, vectorBits: number): number {
    const { size } = partition;
    const { call } = this.#trials.kernels;
    const [a, b] = this.#predictions;
    call.averageBlocks(a, size, b, size, this.#average, size, size, size);
    const satd = call.blockSatd(this.#sourceOf(block, partition), block.source.y.stride, this.#average, size, size);
    const bits = vectorBits + this.#referenceBits(block, AVERAGE);
    const cost = satd + block.satdLambda * bits;
    if (cost < this.cost) this.#keep(AVERAGE, this.#pair, cost, bits);
    return cost;
  }

  /** What the prediction from one slot would have to be for the average with the other slot's to be the source. */
  #aim(block: BlockJob, partition: Partition, other: number): void {
    const { size } = partition;
    const { stride } = block.source.y;
    const memory = this.#trials.kernels.u8;
    const source = this.#sourceOf(block, partition);
    const prediction = this.#predictions[other]!;
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const at = row * size + column;
        const value = 2 * memory[source + row * stride + column]! - memory[prediction + at]!;
        memory[this.#target + at] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
    }
  }

  /** Luma prediction from one slot with the vector of the pair. */
  #predict(block: BlockJob, { y, x, size }: Partition, slot: number): void {
    const { references } = block;
    const plane = references.pictures[slot]!.y;
    const [mvx, mvy] = [this.#pair[2 * slot]!, this.#pair[2 * slot + 1]!];
    const from = plane.at + (block.row * 16 + y + (mvy >> 2)) * plane.stride + block.column * 16 + x + (mvx >> 2);
    const taps = this.#trials.tables.interpolation[references.interpolation]!;
    const { call } = this.#trials.kernels;
    call.compensate(from, plane.stride, this.#predictions[slot]!, size, size, size, taps, 8, mvx & 3, mvy & 3);
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

  #sourceOf(block: BlockJob, { y, x }: Partition): Pointer {
    const plane = block.source.y;
    return plane.at + (block.row * 16 + y) * plane.stride + block.column * 16 + x;
  }

  #referenceBits(block: BlockJob, reference: number): number {
    if (block.references.pictures[1] === null) return 0;
    return this.#trials.rates.tables.modes.reference.cost(0, reference);
  }

  /** Bits of a vector as a difference to what is predicted. */
  #vectorBits(neighbours: MotionNeighbours, slot: number, x: number, y: number): number {
    const { motionClass } = this.#trials.rates.tables.modes;
    let bits = 0;
    for (let component = 0; component < 2; component++) {
      const size = Math.abs((component === 0 ? x : y) - neighbours.predict(slot, component));
      const index = size === 0 ? 0 : 32 - Math.clz32(size);
      bits += motionClass.cost(3 * component + neighbours.differenceContext(component), index) + index;
    }
    return bits;
  }
}
