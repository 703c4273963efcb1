import { AVERAGE, INTER16, INTER8, MOTION_FIELDS, SKIP } from '../frame-tokens.js';
import { typeContext } from '../mode-contexts.js';
import { CANDIDATES, MotionNeighbours, setMotion } from '../motion.js';
import { Picture } from '../picture.js';
import { clearMotion, type BlockJob, type BlockTrials } from './block-trials.js';
import type { MotionEstimation, Partition } from './motion-estimation.js';
import { NEW_MOTION, NewMotion } from './new-motion.js';

const WHOLE: Partition = { y: 0, x: 0, size: 16 };
const QUARTERS: readonly Partition[] = [
  { y: 0, x: 0, size: 8 },
  { y: 0, x: 8, size: 8 },
  { y: 8, x: 0, size: 8 },
  { y: 8, x: 8, size: 8 },
];

/** Vectors that the look-ahead found to each reference: [macroblocks, 2], quarter samples of the half-size plane. */
export type MotionHints = readonly [Int16Array | null, Int16Array | null];

/** Ways of predicting a macroblock from the references: skip, merged, new and split motion. */
export class InterTrials {
  readonly #trials: BlockTrials;
  readonly #motion: NewMotion;
  readonly #neighbours: MotionNeighbours;
  readonly #candidates = new Int16Array(CANDIDATES * MOTION_FIELDS);
  /** Vectors of the whole macroblock, where its sub-blocks begin: x0, y0, x1, y1. */
  readonly #whole = new Int16Array(4);
  readonly #scratch: Picture;

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#neighbours = new MotionNeighbours(trials.rates.temporal);
    this.#motion = new NewMotion(trials);
    this.#scratch = Picture.allocate(trials.kernels, trials.geometry);
  }

  /** Tries everything on one macroblock; returns the least SATD cost of a prediction. */
  try(block: BlockJob, hints: MotionHints): number {
    const { tokens, row, column } = block;
    const { modes } = this.#trials.rates.tables;
    const { trialMargin, splitBits, earlySkipBits } = this.#trials.settings.inter;
    const typeAt = typeContext(tokens, row, column);
    const neighbours = this.#neighbours;
    neighbours.gather(tokens, 2 * row, 2 * column, 2);
    this.#candidates.set(neighbours.candidates);
    const candidates = this.#candidates;
    const merge = this.#tryCandidates(block, typeAt);
    const { best } = this.#trials;
    if (best.cost < earlySkipBits * block.lambda) {
      clearMotion(tokens, row, column);
      return merge.satd;
    }

    const motion = this.#motion;
    const both = block.references.pictures[1] === null ? 0 : AVERAGE;
    const addStarts = (estimation: MotionEstimation, slot: number): void => {
      estimation.addStart(0, 0);
      for (let base = 0; base < candidates.length; base += MOTION_FIELDS) {
        if (candidates[base] === 1 - slot) continue;
        estimation.addStart(candidates[base + 1 + 2 * slot]!, candidates[base + 2 + 2 * slot]!);
      }
      if (neighbours.hasTemporal) {
        const { fields } = neighbours.temporal;
        estimation.addStart(fields[1 + 2 * slot]!, fields[2 + 2 * slot]!);
      }
      const field = hints[slot as 0 | 1];
      if (field !== null) estimation.addHints(block, field);
    };
    motion.find(block, WHOLE, neighbours, both, addStarts, true);
    const newSatd = motion.cost + block.satdLambda * modes.motion.cost(0, NEW_MOTION);
    const reference = motion.fields[0]!;
    this.#whole.set(motion.single);

    const typeBits = modes.type.cost(typeAt, INTER16);
    if (merge.satd < trialMargin * newSatd) {
      this.#predict(block, candidates, merge.index * MOTION_FIELDS);
      this.#tryResidual(block, INTER16, typeBits + modes.motion.cost(0, merge.index));
    }
    if (!isCandidate(candidates, motion.fields) && newSatd < trialMargin * merge.satd) {
      this.#predict(block, motion.fields, 0);
      this.#tryResidual(block, INTER16, typeBits + modes.motion.cost(0, NEW_MOTION) + motion.bits);
    }
    const best16 = Math.min(merge.satd, newSatd);
    if (best.type !== SKIP || best.cost > splitBits * block.lambda) {
      const split = this.#split(block, modes.type.cost(typeAt, INTER8), reference);
      if (split.satd < best16) this.#tryResidual(block, INTER8, split.bits);
    }
    // Leave no trace of trials: contexts of later blocks read these fields.
    clearMotion(tokens, row, column);
    return best16;
  }

  /** Each candidate in full as skip, and by SATD as the prediction of a residual. */
  #tryCandidates(block: BlockJob, typeAt: number): { index: number; satd: number } {
    const { modes } = this.#trials.rates.tables;
    const best = { index: 0, satd: Infinity };
    for (let index = 0; index < CANDIDATES; index++) {
      if (index > 0 && isRepeated(this.#candidates, index)) break;
      this.#predict(block, this.#candidates, index * MOTION_FIELDS);
      this.#trySkip(block, modes.type.cost(typeAt, SKIP) + modes.motionSkip.cost(0, index));
      const satd = this.#satd(block, WHOLE) + block.satdLambda * modes.motion.cost(0, index);
      if (satd < best.satd) {
        best.satd = satd;
        best.index = index;
      }
    }
    return best;
  }

  /** Full cost of leaving the scratch prediction as it is. */
  #trySkip(block: BlockJob, bits: number): void {
    const cost = this.#predictionError(block) + block.lambda * bits;
    const { best } = this.#trials;
    if (cost >= best.cost) return;
    Object.assign(best, { cost, type: SKIP, transform: 0, lumaGroups: 0, chromaGroups: 0 });
    this.#trials.keepMotion(block, best);
  }

  /** Full cost of the scratch prediction plus a residual. */
  #tryResidual(block: BlockJob, type: number, bits: number): void {
    const trials = this.#trials;
    const { trial, tables } = trials;
    const { y } = this.#scratch;
    const prediction = y.at + block.row * 16 * y.stride + block.column * 16;
    const { interBasis16, interBasis8 } = tables.pack;
    const luma = trials.luma(block, type, prediction, y.stride, [interBasis16[0]!, interBasis8[0]!]);
    const chroma = trials.chroma(block, this.#scratch, type, luma.groups > 0);
    trial.cost = luma.cost + chroma.cost + block.lambda * bits;
    if (trial.cost >= trials.best.cost) return;
    trial.type = type;
    trial.lumaGroups = luma.groups;
    trial.chromaGroups = chroma.groups;
    trials.keepMotion(block, trial);
    trials.keep();
  }

  /**
   * Searches the four sub-blocks from the vectors of the whole; leaves their prediction in the scratch picture and their
   * motion in the tokens.
   *
   * @param reference what is searched for new motions: 0, 1 or AVERAGE.
   */
  #split(block: BlockJob, typeBits: number, reference: number): { satd: number; bits: number } {
    const { tokens, row, column, satdLambda } = block;
    const { modes } = this.#trials.rates.tables;
    const neighbours = this.#neighbours;
    const motion = this.#motion;
    const whole = this.#whole;
    const addStarts = (estimation: MotionEstimation, slot: number): void => {
      estimation.addStart(whole[2 * slot]!, whole[2 * slot + 1]!);
    };
    let satd = satdLambda * typeBits;
    let bits = typeBits;
    clearMotion(tokens, row, column);
    for (let sub = 0; sub < 4; sub++) {
      const partition = QUARTERS[sub]!;
      neighbours.gather(tokens, 2 * row + (sub >> 1), 2 * column + (sub & 1), 1);
      motion.find(block, partition, neighbours, reference, addStarts, false);
      const newBits = modes.motion.cost(1, NEW_MOTION);
      let bestCost = motion.cost + satdLambda * newBits;
      let bestBits = motion.bits + newBits;
      let choice = -1;
      for (let index = 0; index < CANDIDATES; index++) {
        if (index > 0 && isRepeated(neighbours.candidates, index)) break;
        this.#predictSub(block, sub, neighbours.candidates, index * MOTION_FIELDS);
        const rate = modes.motion.cost(1, index);
        const cost = this.#satd(block, partition) + satdLambda * rate;
        if (cost < bestCost) {
          bestCost = cost;
          bestBits = rate;
          choice = index;
        }
      }
      if (choice < 0) this.#predictSub(block, sub, motion.fields, 0);
      else this.#predictSub(block, sub, neighbours.candidates, choice * MOTION_FIELDS);
      satd += bestCost;
      bits += bestBits;
    }
    return { satd, bits };
  }

  /** Compensates the whole macroblock with one motion into the scratch picture (and the tokens). */
  #predict(block: BlockJob, fields: ArrayLike<number>, offset: number): void {
    const { tokens, row, column, references } = block;
    setMotion(tokens, 2 * row, 2 * column, 2, fields, offset);
    this.#trials.blocks.compensate(this.#scratch, row * 16, column * 16, 16, tokens, block.sub, references);
  }

  /** The same for one sub-block. */
  #predictSub(block: BlockJob, sub: number, fields: ArrayLike<number>, offset: number): void {
    const { tokens, references } = block;
    const row = 2 * block.row + (sub >> 1);
    const column = 2 * block.column + (sub & 1);
    setMotion(tokens, row, column, 1, fields, offset);
    const at = this.#trials.subBlock(block, sub);
    this.#trials.blocks.compensate(this.#scratch, row * 8, column * 8, 8, tokens, at, references);
  }

  #satd(block: BlockJob, { y: top, x: left, size }: Partition): number {
    const from = block.source.y;
    const to = this.#scratch.y;
    const y = block.row * 16 + top;
    const x = block.column * 16 + left;
    const { call } = this.#trials.kernels;
    return call.blockSatd(from.at + y * from.stride + x, from.stride, to.at + y * to.stride + x, to.stride, size);
  }

  /** Squared error of the scratch prediction, luma and weighted chroma. */
  #predictionError(block: BlockJob): number {
    const { call } = this.#trials.kernels;
    let sum = 0;
    for (let plane = 0; plane < 3; plane++) {
      const from = block.source.planes[plane]!;
      const to = this.#scratch.planes[plane]!;
      const size = plane === 0 ? 16 : 8;
      const a = from.at + block.row * size * from.stride + block.column * size;
      const b = to.at + block.row * size * to.stride + block.column * size;
      const weight = plane === 0 ? 1 : this.#trials.settings.lagrangian.chromaWeight;
      sum += weight * call.blockSsd(a, from.stride, b, to.stride, size, size);
    }
    return sum;
  }
}

function isRepeated(list: Int16Array, index: number): boolean {
  for (let i = index * MOTION_FIELDS; i < (index + 1) * MOTION_FIELDS; i++) {
    if (list[i] !== list[i - MOTION_FIELDS]) return false;
  }
  return true;
}

function isCandidate(candidates: Int16Array, vector: Int16Array): boolean {
  for (let base = 0; base < candidates.length; base += MOTION_FIELDS) {
    let equal = true;
    for (let i = 0; i < MOTION_FIELDS; i++) equal &&= candidates[base + i] === vector[i];
    if (equal) return true;
  }
  return false;
}
