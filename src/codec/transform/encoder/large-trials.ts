import { BlockView } from '../../../kernels/block-view.js';
import { MACROBLOCK } from '../../macroblock-grid.js';
import { CHROMA_PLANES, LUMA_PLANE, type PlaneNumbers } from '../block-reconstruction.js';
import {
  AVERAGE,
  BLOCK_16,
  CHROMA_TOKENS,
  INTER16,
  INTER8,
  INTRA16,
  isIntra,
  MOTION_FIELDS,
  REGION,
  SKIP,
  TOKENS_PER_BLOCK,
} from '../frame-tokens.js';
import {
  chromaGroupsContext,
  intraMode16Context,
  lumaGroupsContext,
  motionContext,
  splitContext,
  typeLargeContext,
} from '../mode-contexts.js';
import { spreadModes } from '../mode-syntax.js';
import { CANDIDATES, MotionNeighbours, NEW_MOTION, setMotion } from '../motion.js';
import type { Picture } from '../picture.js';
import { moveChroma, NO_MOTION, type BlockJob, type BlockTrials } from './block-trials.js';
import { IntraModes } from './intra-modes.js';
import { isCandidate, isRepeated } from './candidate-list.js';
import type { MotionEstimation, Partition } from './motion-estimation.js';
import { NewMotion, type AddStarts } from './new-motion.js';
import type { ChromaViews } from './residual-coding.js';

/** One way to code a 32x32 or 64x64 block: its cost and its tokens. */
interface LargeTrial {
  cost: number;
  type: number;
  intraMode: number;
  chromaFromLuma: number;
  lumaGroups: number;
  chromaGroups: number;
  /** All tokens, and views of the luma and chroma ones. */
  readonly tokens: Int16Array;
  readonly luma: Int16Array;
  readonly chroma: Int16Array;
  /** Reference, x0, y0, x1, y1. */
  readonly motion: Int16Array;
}

/**
 * Ways of coding a block of 32x32 or of 64x64 as a whole. {@link begin} tries to skip it; {@link tryRest}, after its
 * quarters are decided, tries what takes longer, with the motion that they have found.
 */
export class LargeTrials {
  readonly #trials: BlockTrials;
  readonly #modes: IntraModes;
  readonly #best = newTrial();
  readonly #trial = newTrial();
  readonly #neighbours: MotionNeighbours;
  readonly #candidates = new Int16Array(CANDIDATES * MOTION_FIELDS);
  readonly #motion: NewMotion;
  /** The candidate with the least squared error. */
  #merge = 0;
  readonly #source = new BlockView();
  readonly #prediction = new BlockView();
  readonly #intra: BlockView;
  readonly #chromaSource: ChromaViews = [new BlockView(), new BlockView()];
  readonly #chromaPrediction: ChromaViews = [new BlockView(), new BlockView()];

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#neighbours = new MotionNeighbours(trials.rates.temporal);
    this.#motion = new NewMotion(trials);
    this.#modes = new IntraModes(trials.tables.pack.intraClass);
    this.#intra = BlockView.allocate(trials.kernels, REGION);
  }

  /** Least cost so far; the bits that say that the block is not split are counted. */
  get cost(): number {
    return this.#best.cost;
  }

  /** Begins a block: tries to skip it, in inter frames. */
  begin(block: BlockJob): void {
    this.#best.cost = Infinity;
    if (block.header.kind === 'key') return;
    const { rates } = this.#trials;
    const { typeLarge, motionSkip } = rates.probabilities.modes;
    this.#gather(block);
    const bits = this.#wholeBits(block) + typeLarge.cost(this.#typeContext(block), SKIP);
    const context = this.#motionContext(block, true);
    let least = Infinity;
    for (let index = 0; index < CANDIDATES; index++) {
      if (index > 0 && isRepeated(this.#candidates, index)) break;
      const motionAt = index * MOTION_FIELDS;
      this.#predict(block, this.#candidates, motionAt, LUMA_PLANE);
      const lumaError = this.#trials.lumaError(block);
      const rate = block.lambda * (bits + motionSkip.cost(context, index));
      if (lumaError >= least && lumaError + rate >= this.#best.cost) continue;
      this.#predict(block, this.#candidates, motionAt, CHROMA_PLANES);
      const error = lumaError + this.#trials.chromaError(block);
      if (error < least) {
        least = error;
        this.#merge = index;
      }
      const cost = error + rate;
      if (cost >= this.#best.cost) continue;
      this.#best.cost = cost;
      this.#best.type = SKIP;
      this.#best.lumaGroups = 0;
      this.#best.chromaGroups = 0;
      this.#keepMotion(this.#best, this.#candidates, motionAt);
    }
  }

  /** Whether {@link tryFirst} has tried the block in full. */
  get hasTriedFirst(): boolean {
    return this.#trials.settings.inter.stopBits !== null && this.#best.cost < Infinity;
  }

  /**
   * Where the settings ask for it, tries inter prediction with a residual before the quarters are decided; returns whether
   * they need not be. Nothing happens in key frames.
   */
  tryFirst(block: BlockJob): boolean {
    const { stopBits, stopAtSkip } = this.#trials.settings.inter;
    if (stopBits === null || block.header.kind === 'key') return false;
    this.#tryInter(block, this.#firstStarts);
    return this.cost < stopBits[block.size]! * block.lambda || (stopAtSkip && this.#best.type === SKIP);
  }

  /** Tries everything else on a block whose quarters are decided and stand in the tokens. */
  tryRest(block: BlockJob): void {
    const isKey = block.header.kind === 'key';
    const hasIntra = isKey || this.#hasIntra(block);
    if (!isKey) this.#tryInter(block, this.#hasManyMotions(block) ? null : this.#starts);
    if (hasIntra) this.#tryIntra(block);
  }

  /** Writes the best way into the tokens and reconstructs it. */
  commit(block: BlockJob): void {
    const { tokens, row, column, at, sub, size } = block;
    const { columns } = tokens.geometry;
    const best = this.#best;
    const intra = isIntra(best.type);
    const width = 1 << size;
    for (let y = row; y < row + width; y++) {
      const start = y * columns + column;
      tokens.transform.fill(0, start, start + width);
      tokens.basis.fill(0, start, start + width);
      for (let block = start; block < start + width; block++) tokens.clearCoefficients(block);
    }
    tokens.blockSize[at] = size;
    tokens.type[at] = best.type;
    tokens.lumaGroups[at] = best.lumaGroups;
    tokens.chromaGroups[at] = best.chromaGroups;
    tokens.chromaFromLuma[at] = intra ? best.chromaFromLuma : 0;
    tokens.intraMode[sub] = intra ? best.intraMode : 0;
    spreadModes(tokens, row, column, size);
    setMotion(tokens, 2 * row, 2 * column, 2 * width, intra ? NO_MOTION : best.motion, 0);
    if (best.lumaGroups > 0) tokens.coefficients.set(best.luma, at * TOKENS_PER_BLOCK);
    if (best.chromaGroups > 0) tokens.coefficients.set(best.chroma, at * TOKENS_PER_BLOCK + CHROMA_TOKENS);
    this.#trials.blocks.reconstruct(block.target, tokens, block.q, row, column, block.references);
  }

  /** @param starts of the search of new motion; null: none is searched. */
  #tryInter(block: BlockJob, starts: AddStarts | null): void {
    const { rates, settings } = this.#trials;
    const { typeLarge, motion: motionTable } = rates.probabilities.modes;
    const { trialMargin } = settings.inter;
    const bits = this.#wholeBits(block) + typeLarge.cost(this.#typeContext(block), INTER16);
    this.#gather(block);
    const context = this.#motionContext(block, false);
    const candidates = this.#candidates;
    const mergeAt = this.#merge * MOTION_FIELDS;
    this.#predict(block, candidates, mergeAt, LUMA_PLANE);
    const mergeBits = motionTable.cost(context, this.#merge);
    const mergeSatd = this.#satd(block) + block.satdLambda * mergeBits;

    if (starts === null) {
      this.#tryResidual(block, bits + mergeBits, candidates, mergeAt);
      return;
    }
    const motion = this.#motion;
    const both = block.references.pictures[1] === null ? 0 : AVERAGE;
    motion.find(block, WHOLE[block.size]!, this.#neighbours, both, starts, false);
    const newBits = motionTable.cost(context, NEW_MOTION);
    const newSatd = motion.cost + block.satdLambda * newBits;
    if (mergeSatd < trialMargin * newSatd) {
      this.#tryResidual(block, bits + mergeBits, candidates, mergeAt);
    }
    if (newSatd < trialMargin * mergeSatd && !isCandidate(candidates, motion.fields)) {
      this.#predict(block, motion.fields, 0, LUMA_PLANE);
      this.#tryResidual(block, bits + newBits + motion.bits, motion.fields, 0);
    }
  }

  /** Starting points: the vectors of the quarters and of the candidates. */
  readonly #starts = (block: BlockJob, slot: number, estimation: MotionEstimation): void => {
    const { tokens, row, column, size } = block;
    const stride = 2 * tokens.geometry.columns;
    const half = 1 << size;
    for (let quarter = 0; quarter < 4; quarter++) {
      const at = (2 * row + (quarter >> 1) * half) * stride + 2 * column + (quarter & 1) * half;
      const reference = tokens.referenceIndex[at]!;
      if (reference !== slot && reference !== AVERAGE) continue;
      estimation.addStart(tokens.motion[at * 4 + 2 * slot]!, tokens.motion[at * 4 + 2 * slot + 1]!);
    }
    estimation.addCandidates(this.#candidates, slot);
  };

  /** Starting points before the quarters are decided: the candidates and the vectors from the look-ahead. */
  readonly #firstStarts = (block: BlockJob, slot: number, estimation: MotionEstimation): void => {
    estimation.addStart(0, 0);
    estimation.addCandidates(this.#candidates, slot);
    const hints = block.hints[slot as 0 | 1];
    if (hints === null) return;
    const half = 1 << (block.size - 1);
    for (let quarter = 0; quarter < 4; quarter++) {
      const at = block.at + ((quarter >> 1) * block.tokens.geometry.columns + (quarter & 1)) * half;
      estimation.addStart(2 * hints[2 * at]!, 2 * hints[2 * at + 1]!);
    }
  };

  /** Tries the luma in the scratch picture, which `motion` at `offset` has predicted, with a residual. */
  #tryResidual(block: BlockJob, bits: number, motion: Int16Array, offset: number): void {
    const trial = this.#trial;
    const { scratch } = this.#trials;
    const prediction = this.#luma(this.#prediction, scratch, block);
    trial.cost = block.lambda * bits + this.#lumaResidual(block, INTER16, prediction);
    if (trial.cost >= this.#best.cost) return;
    this.#predict(block, motion, offset, CHROMA_PLANES);
    trial.cost += this.#chromaResidual(block, INTER16, scratch);
    if (trial.cost >= this.#best.cost) return;
    trial.type = INTER16;
    this.#keepMotion(trial, motion, offset);
    this.#keep();
  }

  #tryIntra(block: BlockJob): void {
    const { tokens, row, column, size, target } = block;
    const { blocks, geometry, kernels, rates, tables, settings } = this.#trials;
    const { intraMode16, typeLarge } = rates.probabilities.modes;
    const modeCount = tables.pack.intraModes;
    const width = MACROBLOCK << size;
    const context = intraMode16Context(tokens, 2 * row, 2 * column, modeCount);
    const source = this.#luma(this.#source, block.source, block);
    const to = this.#intra;
    to.resize(width);
    const boundary = blocks.blockBoundary(target.y, row, column, size, width, geometry);
    const mode = this.#modes.rank(
      (index) => {
        blocks.predictFromBoundary(boundary, width, index, to.at, to.stride);
        const satd = kernels.call.blockSatd(source.at, source.stride, to.at, to.stride, width);
        return satd + block.satdLambda * intraMode16.cost(context, index);
      },
      Infinity,
      settings.intra.fine,
    ).first.mode;
    const { scratch } = this.#trials;
    blocks.predictLargeLuma(target, scratch, row, column, size, mode, geometry);
    const typeBits = block.header.kind === 'key' ? 0 : typeLarge.cost(this.#typeContext(block), 2);
    const bits = this.#wholeBits(block) + typeBits + intraMode16.cost(context, mode);
    const trial = this.#trial;
    const prediction = this.#luma(this.#prediction, scratch, block);
    trial.cost = block.lambda * bits + this.#lumaResidual(block, INTRA16, prediction);
    if (trial.cost >= this.#best.cost) return;
    if (trial.lumaGroups > 0) {
      blocks.loadTokens(trial.tokens, 0);
      blocks.addLargeLuma(scratch, row, column, size, block.q, true);
    }
    const chroma = this.#trials.predictIntraChroma(block, scratch, mode);
    trial.chromaFromLuma = chroma.fromLuma;
    trial.cost += block.lambda * chroma.bits + this.#chromaResidual(block, INTRA16, scratch);
    if (trial.cost >= this.#best.cost) return;
    trial.type = INTRA16;
    trial.intraMode = mode;
    this.#keep();
  }

  /** Codes the luma residual of a prediction into the trial; returns its cost. */
  #lumaResidual(block: BlockJob, type: number, prediction: BlockView): number {
    const { rates, residuals } = this.#trials;
    const { tokens, row, column, size } = block;
    const trial = this.#trial;
    const source = this.#luma(this.#source, block.source, block);
    const job = this.#trials.residualJob(block, type);
    job.groupContext = lumaGroupsContext(tokens, rates.temporal, row, column, size, type);
    const luma = residuals.largeLuma(source, prediction, size, job, trial.luma);
    trial.lumaGroups = luma.groups;
    return luma.cost;
  }

  /** Codes the chroma residual of a prediction, which stands at its place in `picture`, into the trial; returns its cost. */
  #chromaResidual(block: BlockJob, type: number, picture: Picture): number {
    const { rates, residuals, settings } = this.#trials;
    const { chromaWeight } = settings.lagrangian;
    const { tokens, row, column, size } = block;
    const trial = this.#trial;
    const job = this.#trials.residualJob(block, type);
    job.groupContext = chromaGroupsContext(tokens, rates.temporal, row, column, size, type, trial.lumaGroups);
    job.lambda = block.lambda / chromaWeight;
    const from = moveChroma(this.#chromaSource, block.source, block);
    const to = moveChroma(this.#chromaPrediction, picture, block);
    const chroma = residuals.largeChroma(from, to, size, job, trial.chroma);
    trial.chromaGroups = chroma.groups;
    return chromaWeight * chroma.cost;
  }

  #keep(): void {
    const best = this.#best;
    const trial = this.#trial;
    best.cost = trial.cost;
    best.type = trial.type;
    best.intraMode = trial.intraMode;
    best.chromaFromLuma = trial.chromaFromLuma;
    best.lumaGroups = trial.lumaGroups;
    best.chromaGroups = trial.chromaGroups;
    best.tokens.set(trial.tokens);
    best.motion.set(trial.motion);
  }

  #keepMotion(trial: LargeTrial, fields: Int16Array, offset: number): void {
    for (let i = 0; i < MOTION_FIELDS; i++) trial.motion[i] = fields[offset + i]!;
  }

  #gather({ tokens, row, column, size }: BlockJob): void {
    this.#neighbours.gather(tokens, 2 * row, 2 * column, 2 << size);
    this.#candidates.set(this.#neighbours.candidates);
  }

  /** Bits that say that the block is not split. */
  #wholeBits({ tokens, row, column, size, header }: BlockJob): number {
    const { split } = this.#trials.rates.probabilities.modes;
    return split.cost(splitContext(tokens, this.#trials.rates.temporal, row, column, size, header.kind === 'key'), 0);
  }

  #typeContext({ tokens, row, column, size }: BlockJob): number {
    return typeLargeContext(tokens, this.#trials.rates.temporal, row, column, size);
  }

  /** Contexts of `motionSkip` or `motion`; the neighbours must be gathered. */
  #motionContext({ tokens, row, column, size }: BlockJob, isSkip: boolean): number {
    return motionContext(tokens, this.#neighbours, 2 * row, 2 * column, 2 << size, isSkip);
  }

  /** Whether a quarter is an intra macroblock, or one with four motions: one motion then hardly ever suits the whole. */
  #hasManyMotions({ tokens, row, column, size }: BlockJob): boolean {
    const half = 1 << (size - 1);
    for (let quarter = 0; quarter < 4; quarter++) {
      const at = (row + (quarter >> 1) * half) * tokens.geometry.columns + column + (quarter & 1) * half;
      if (tokens.blockSize[at] === BLOCK_16 && (tokens.type[at] === INTER8 || isIntra(tokens.type[at]!))) return true;
    }
    return false;
  }

  #hasIntra({ tokens, row, column, size }: BlockJob): boolean {
    const { columns } = tokens.geometry;
    const width = 1 << size;
    for (let y = row; y < row + width; y++) {
      for (let x = column; x < column + width; x++) if (isIntra(tokens.type[y * columns + x]!)) return true;
    }
    return false;
  }

  /** Predicts planes of the block in the scratch picture. */
  #predict(block: BlockJob, fields: Int16Array, offset: number, planes: PlaneNumbers): void {
    const { row, column, size, references } = block;
    const { blocks, scratch } = this.#trials;
    const width = MACROBLOCK << size;
    blocks.compensateMotion(scratch, row * MACROBLOCK, column * MACROBLOCK, width, fields, offset, references, planes);
  }

  /** SATD of the luma in the scratch picture. */
  #satd(block: BlockJob): number {
    const from = this.#luma(this.#source, block.source, block);
    const to = this.#luma(this.#prediction, this.#trials.scratch, block);
    return this.#trials.kernels.call.blockSatd(from.at, from.stride, to.at, to.stride, from.size);
  }

  #luma(view: BlockView, { y }: Picture, { row, column, size }: BlockJob): BlockView {
    return view.moveTo(y, row * MACROBLOCK, column * MACROBLOCK, MACROBLOCK << size);
  }
}

/** The whole block as a partition, by size. */
const WHOLE: readonly Partition[] = [0, 1, 2].map((size) => ({ y: 0, x: 0, size: MACROBLOCK << size }));

/** Bits that say that a block is split. */
export function splitBits(trials: BlockTrials, { tokens, row, column, size, header }: BlockJob): number {
  const { split } = trials.rates.probabilities.modes;
  return split.cost(splitContext(tokens, trials.rates.temporal, row, column, size, header.kind === 'key'), 1);
}

function newTrial(): LargeTrial {
  const tokens = new Int16Array(TOKENS_PER_BLOCK);
  return {
    cost: Infinity,
    type: SKIP,
    intraMode: 0,
    chromaFromLuma: 0,
    lumaGroups: 0,
    chromaGroups: 0,
    tokens,
    luma: tokens.subarray(0, CHROMA_TOKENS),
    chroma: tokens.subarray(CHROMA_TOKENS),
    motion: new Int16Array(MOTION_FIELDS),
  };
}
