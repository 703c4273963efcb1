import { BlockView } from '../../../kernels/block-view.js';
import { MACROBLOCK, SUB_BLOCK } from '../../macroblock-grid.js';
import { CHROMA_PLANES, LUMA_PLANE, type PlaneNumbers } from '../block-reconstruction.js';
import { AVERAGE, BLOCK_16, INTER16, INTER8, MOTION_FIELDS, SKIP } from '../frame-tokens.js';
import { motionContext, typeContext } from '../mode-contexts.js';
import { CANDIDATES, MotionNeighbours, NEW_MOTION, setMotion } from '../motion.js';
import type { Picture } from '../picture.js';
import { clearMotion, type BlockJob, type BlockTrials } from './block-trials.js';
import { isCandidate, isRepeated } from './candidate-list.js';
import type { MotionEstimation, Partition } from './motion-estimation.js';
import { NewMotion } from './new-motion.js';

const WHOLE: Partition = { y: 0, x: 0, size: MACROBLOCK };
const QUARTERS: readonly Partition[] = [0, 1, 2, 3].map((sub) => ({
  y: (sub >> 1) * SUB_BLOCK,
  x: (sub & 1) * SUB_BLOCK,
  size: SUB_BLOCK,
}));

/** Ways of predicting a macroblock from the references: skip, merged, new and split motion. */
export class InterTrials {
  readonly #trials: BlockTrials;
  readonly #motion: NewMotion;
  readonly #neighbours: MotionNeighbours;
  readonly #candidates = new Int16Array(CANDIDATES * MOTION_FIELDS);
  /** The vectors of the whole macroblock, from which the search of sub-blocks starts: x0, y0, x1, y1. */
  readonly #whole = new Int16Array(4);
  readonly #scratch: Picture;
  readonly #source = new BlockView();
  readonly #prediction = new BlockView();
  /** The candidate with the least SATD cost. */
  readonly #merge = { index: 0, satd: Infinity };

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#neighbours = new MotionNeighbours(trials.rates.temporal);
    this.#motion = new NewMotion(trials);
    this.#scratch = trials.scratch;
  }

  /** Starting points for the whole macroblock. */
  readonly #wholeStarts = (block: BlockJob, slot: number, estimation: MotionEstimation): void => {
    estimation.addStart(0, 0);
    estimation.addCandidates(this.#candidates, slot);
    if (this.#neighbours.hasTemporal) {
      const { fields } = this.#neighbours.temporal;
      estimation.addStart(fields[1 + 2 * slot]!, fields[2 + 2 * slot]!);
    }
    const field = block.hints[slot as 0 | 1];
    if (field !== null) estimation.addHints(block, field);
  };

  /** Starting points for a sub-block: the vector of the whole. */
  readonly #subStarts = (_: BlockJob, slot: number, estimation: MotionEstimation): void => {
    estimation.addStart(this.#whole[2 * slot]!, this.#whole[2 * slot + 1]!);
  };

  /** Tries all inter modes on one macroblock; returns the least SATD cost of a prediction. */
  try(block: BlockJob): number {
    const { tokens, row, column } = block;
    const { modes } = this.#trials.rates.probabilities;
    const { trialMargin, earlySkipBits } = this.#trials.settings.inter;
    const typeAt = typeContext(tokens, this.#trials.rates.temporal, row, column);
    const neighbours = this.#neighbours;
    neighbours.gather(tokens, 2 * row, 2 * column, 2);
    this.#candidates.set(neighbours.candidates);
    const candidates = this.#candidates;
    const motionAt = motionContext(tokens, neighbours, 2 * row, 2 * column, 2, false);
    this.#tryCandidates(block, typeAt, motionAt);
    const merge = this.#merge;
    const { best } = this.#trials;
    if (best.cost < earlySkipBits[BLOCK_16] * block.lambda) {
      clearMotion(tokens, row, column);
      return merge.satd;
    }

    const motion = this.#motion;
    const both = block.references.pictures[1] === null ? 0 : AVERAGE;
    motion.find(block, WHOLE, neighbours, both, this.#wholeStarts, true);
    const newSatd = motion.cost + block.satdLambda * modes.motion.cost(motionAt, NEW_MOTION);
    const reference = motion.fields[0]!;
    this.#whole.set(motion.single);

    const typeBits = modes.type.cost(typeAt, INTER16);
    if (merge.satd < trialMargin * newSatd) {
      this.#predictLuma(block, candidates, merge.index * MOTION_FIELDS);
      this.#tryResidual(block, INTER16, typeBits + modes.motion.cost(motionAt, merge.index));
    }
    if (!isCandidate(candidates, motion.fields) && newSatd < trialMargin * merge.satd) {
      this.#predictLuma(block, motion.fields, 0);
      this.#tryResidual(block, INTER16, typeBits + modes.motion.cost(motionAt, NEW_MOTION) + motion.bits);
    }
    const best16 = Math.min(merge.satd, newSatd);
    // Where no residual pays, a finer motion hardly ever does. LOG, "Faster decisions".
    if (best.type !== SKIP && this.#maySplit(block)) {
      const limit = this.#trials.settings.inter.splitMargin * best16;
      const bits = this.#findSplit(block, modes.type.cost(typeAt, INTER8), reference, limit);
      if (bits !== null) this.#tryResidual(block, INTER8, bits);
    }
    // Reset the fields that trials changed, because contexts of later blocks read them.
    clearMotion(tokens, row, column);
    return best16;
  }

  #maySplit({ header }: BlockJob): boolean {
    const { splitFrames } = this.#trials.settings.inter;
    return splitFrames === 'all' || (splitFrames === 'referenced' && header.refreshSlot !== null);
  }

  /** Tries each candidate as skip, and by SATD as the prediction of a residual. */
  #tryCandidates(block: BlockJob, typeAt: number, motionAt: number): void {
    const { tokens, row, column } = block;
    const { modes } = this.#trials.rates.probabilities;
    const skipAt = motionContext(tokens, this.#neighbours, 2 * row, 2 * column, 2, true);
    const best = this.#merge;
    best.satd = Infinity;
    for (let index = 0; index < CANDIDATES; index++) {
      if (index > 0 && isRepeated(this.#candidates, index)) break;
      this.#predictLuma(block, this.#candidates, index * MOTION_FIELDS);
      this.#trySkip(block, modes.type.cost(typeAt, SKIP) + modes.motionSkip.cost(skipAt, index));
      const satd = this.#satd(block, WHOLE) + block.satdLambda * modes.motion.cost(motionAt, index);
      if (satd < best.satd) {
        best.satd = satd;
        best.index = index;
      }
    }
  }

  /** Tries the luma in the scratch picture without a residual, with the motion in the tokens. */
  #trySkip(block: BlockJob, bits: number): void {
    const trials = this.#trials;
    const { best } = trials;
    const rate = block.lambda * bits;
    const lumaError = trials.lumaError(block);
    // No chroma makes that cheaper.
    if (lumaError + rate >= best.cost) return;
    this.#predictChroma(block);
    const cost = lumaError + trials.chromaError(block) + rate;
    if (cost >= best.cost) return;
    best.cost = cost;
    best.type = SKIP;
    best.transform = 0;
    best.lumaGroups = 0;
    best.chromaGroups = 0;
    trials.keepMotion(block, best);
  }

  /** Tries the luma in the scratch picture with a residual, with the motion in the tokens. */
  #tryResidual(block: BlockJob, type: number, bits: number): void {
    const trials = this.#trials;
    const { trial, tables } = trials;
    const prediction = this.#view(this.#prediction, this.#scratch, block, WHOLE);
    const { interBasis16, interBasis8 } = tables.pack;
    const luma = trials.luma(block, type, prediction, interBasis16[0]!, interBasis8[0]!);
    if (luma.cost + block.lambda * bits >= trials.best.cost) return;
    if (type === INTER8) this.#predictSubChroma(block);
    else this.#predictChroma(block);
    const chroma = trials.chroma(block, this.#scratch, type, luma.groups);
    trial.cost = luma.cost + chroma.cost + block.lambda * bits;
    if (trial.cost >= trials.best.cost) return;
    trial.type = type;
    trial.lumaGroups = luma.groups;
    trial.chromaGroups = chroma.groups;
    trials.keepMotion(block, trial);
    trials.keep();
  }

  /**
   * Searches the four sub-blocks from the vectors of the whole; leaves the prediction of their luma in the scratch picture
   * and their motion in the tokens. Returns their bits, or null as soon as their SATD costs reach `limit`.
   *
   * @param reference the reference to search for new motions: 0, 1 or AVERAGE.
   */
  #findSplit(block: BlockJob, typeBits: number, reference: number, limit: number): number | null {
    const { tokens, row, column, satdLambda } = block;
    const { modes } = this.#trials.rates.probabilities;
    const neighbours = this.#neighbours;
    const motion = this.#motion;
    let satd = satdLambda * typeBits;
    let bits = typeBits;
    clearMotion(tokens, row, column);
    for (let sub = 0; sub < 4; sub++) {
      const partition = QUARTERS[sub]!;
      const y = 2 * row + (sub >> 1);
      const x = 2 * column + (sub & 1);
      neighbours.gather(tokens, y, x, 1);
      const motionAt = motionContext(tokens, neighbours, y, x, 1, false);
      motion.find(block, partition, neighbours, reference, this.#subStarts, false);
      const newBits = modes.motion.cost(motionAt, NEW_MOTION);
      let bestCost = motion.cost + satdLambda * newBits;
      let bestBits = motion.bits + newBits;
      let choice = -1;
      for (let index = 0; index < CANDIDATES; index++) {
        if (index > 0 && isRepeated(neighbours.candidates, index)) break;
        this.#predictSubLuma(block, sub, neighbours.candidates, index * MOTION_FIELDS);
        const rate = modes.motion.cost(motionAt, index);
        const cost = this.#satd(block, partition) + satdLambda * rate;
        if (cost < bestCost) {
          bestCost = cost;
          bestBits = rate;
          choice = index;
        }
      }
      if (choice < 0) this.#predictSubLuma(block, sub, motion.fields, 0);
      else this.#predictSubLuma(block, sub, neighbours.candidates, choice * MOTION_FIELDS);
      satd += bestCost;
      bits += bestBits;
      if (satd >= limit) return null;
    }
    return bits;
  }

  /** Predicts the luma of the whole macroblock with one motion, in the scratch picture; puts the motion into the tokens. */
  #predictLuma(block: BlockJob, fields: ArrayLike<number>, offset: number): void {
    setMotion(block.tokens, 2 * block.row, 2 * block.column, 2, fields, offset);
    this.#compensate(block, WHOLE, block.sub, LUMA_PLANE);
  }

  /** The same for one sub-block. */
  #predictSubLuma(block: BlockJob, sub: number, fields: ArrayLike<number>, offset: number): void {
    setMotion(block.tokens, 2 * block.row + (sub >> 1), 2 * block.column + (sub & 1), 1, fields, offset);
    this.#compensate(block, QUARTERS[sub]!, this.#trials.subBlock(block, sub), LUMA_PLANE);
  }

  /** Predicts the chroma of the whole macroblock with the one motion in the tokens, in the scratch picture. */
  #predictChroma(block: BlockJob): void {
    this.#compensate(block, WHOLE, block.sub, CHROMA_PLANES);
  }

  /** The same with four motions. */
  #predictSubChroma(block: BlockJob): void {
    for (let sub = 0; sub < 4; sub++) {
      this.#compensate(block, QUARTERS[sub]!, this.#trials.subBlock(block, sub), CHROMA_PLANES);
    }
  }

  #compensate(block: BlockJob, { y, x, size }: Partition, at: number, planes: PlaneNumbers): void {
    const { tokens, row, column, references } = block;
    const { blocks } = this.#trials;
    blocks.compensate(
      this.#scratch,
      row * MACROBLOCK + y,
      column * MACROBLOCK + x,
      size,
      tokens,
      at,
      references,
      planes,
    );
  }

  /** SATD of the scratch prediction of a partition. */
  #satd(block: BlockJob, partition: Partition): number {
    const from = this.#view(this.#source, block.source, block, partition);
    const to = this.#view(this.#prediction, this.#scratch, block, partition);
    return this.#trials.kernels.call.blockSatd(from.at, from.stride, to.at, to.stride, partition.size);
  }

  /** Moves a view to a partition of the macroblock in a picture's luma. */
  #view(view: BlockView, { y: plane }: Picture, { row, column }: BlockJob, { y, x, size }: Partition): BlockView {
    return view.moveTo(plane, row * MACROBLOCK + y, column * MACROBLOCK + x, size);
  }
}
