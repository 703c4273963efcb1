import { BlockView } from '../../../kernels/block-view.js';
import type { Kernels } from '../../../kernels/kernels.js';
import { BlockReconstruction, type References } from '../block-reconstruction.js';
import type { FrameHeader } from '../../frame-header.js';
import {
  BLOCK_16,
  CHROMA_TOKENS,
  isIntra,
  MOTION_FIELDS,
  NO_REFERENCE,
  SKIP,
  TOKENS_PER_BLOCK,
  type FrameTokens,
  type Geometry,
} from '../frame-tokens.js';
import type { KernelTables } from '../kernel-tables.js';
import { chromaFromLumaContext, chromaGroupsContext, lumaGroupsContext, transformContext } from '../mode-contexts.js';
import { setMotion } from '../motion.js';
import { CHROMA_BLOCK, MACROBLOCK } from '../../macroblock-grid.js';
import { Picture } from '../picture.js';
import type { RateModel } from './rate-model.js';
import type { EncoderSettings } from './settings.js';
import { ResidualCoding, type ChromaViews, type ResidualChoice, type ResidualJob } from './residual-coding.js';

/** The vectors from the look-ahead for each reference: [macroblocks, 2], quarter samples of the half-size plane. */
export type MotionHints = readonly [Int16Array | null, Int16Array | null];

/** A frame that is being decided. */
export interface FrameJob {
  readonly header: FrameHeader;
  readonly source: Picture;
  readonly target: Picture;
  readonly tokens: FrameTokens;
  readonly references: References;
  /** The vectors from the look-ahead to the references. */
  readonly hints: MotionHints;
}

/** A block that is being decided; the record is reused for the next one of its size. */
export interface BlockJob extends FrameJob {
  /** BLOCK_16, BLOCK_32 or BLOCK_64. */
  readonly size: number;
  readonly row: number;
  readonly column: number;
  /** Index of the first macroblock, and of its first sub-block on the 8x8 grid. */
  readonly at: number;
  readonly sub: number;
  readonly q: number;
  /** Squared error, and SATD, per bit. */
  readonly lambda: number;
  readonly satdLambda: number;
}

/** One way to code a macroblock: its cost and its tokens. */
export interface Trial {
  cost: number;
  type: number;
  transform: number;
  chromaFromLuma: number;
  lumaGroups: number;
  chromaGroups: number;
  /** All tokens, and views of the luma and chroma ones. */
  readonly tokens: Int16Array;
  readonly luma: Int16Array;
  readonly chroma: Int16Array;
  /** Intra mode of each sub-block. */
  readonly intraModes: Uint8Array;
  /** [4, 5]: motion of each sub-block. */
  readonly motion: Int16Array;
}

/** How the chroma of an intra block is predicted, and the bits that say so. */
export interface ChromaPrediction {
  readonly fromLuma: number;
  readonly bits: number;
}

/** The state that all trials of a macroblock share: the best trial so far, and the residual coder. */
export class BlockTrials {
  /** The best trial so far. */
  readonly best = newTrial();
  /** The current trial. */
  readonly trial = newTrial();
  readonly blocks: BlockReconstruction;
  readonly residuals: ResidualCoding;
  /** Where predictions from other frames are made, each at its place. */
  readonly scratch: Picture;
  readonly #spare = new Int16Array(CHROMA_TOKENS);
  readonly #source = new BlockView();
  readonly #prediction = new BlockView();
  readonly #chromaSource: ChromaViews = [new BlockView(), new BlockView()];
  readonly #chromaPrediction: ChromaViews = [new BlockView(), new BlockView()];
  readonly #chromaChoice = { fromLuma: 0, bits: NaN };
  readonly #residualJob: ResidualJob = { q: 0, intra: false, basis: 0, groupContext: 0, lambda: NaN };

  constructor(
    readonly kernels: Kernels,
    readonly tables: KernelTables,
    readonly rates: RateModel,
    readonly geometry: Geometry,
    readonly settings: EncoderSettings,
  ) {
    this.blocks = new BlockReconstruction(kernels, tables);
    this.residuals = new ResidualCoding(kernels, tables, rates);
    this.scratch = Picture.allocate(kernels, geometry);
  }

  /** Makes the trial the best. */
  keep(): void {
    const { best, trial } = this;
    best.cost = trial.cost;
    best.type = trial.type;
    best.transform = trial.transform;
    best.chromaFromLuma = trial.chromaFromLuma;
    best.lumaGroups = trial.lumaGroups;
    best.chromaGroups = trial.chromaGroups;
    best.tokens.set(trial.tokens);
    best.intraModes.set(trial.intraModes);
    best.motion.set(trial.motion);
  }

  /** Codes the luma residual of a 16x16 prediction into the trial with the better of the two transforms. */
  luma(block: BlockJob, type: number, prediction: BlockView, basis16: number, basis8: number): ResidualChoice {
    const { row, column, tokens } = block;
    const { trial, residuals } = this;
    const source = this.#source.moveTo(block.source.y, row * MACROBLOCK, column * MACROBLOCK, MACROBLOCK);
    const { transform } = this.rates.probabilities.modes;
    const transformAt = transformContext(tokens, this.rates.temporal, row, column, type);
    const job = this.residualJob(block, type);
    job.groupContext = lumaGroupsContext(tokens, this.rates.temporal, row, column, BLOCK_16, type);
    job.basis = basis16;
    const large = residuals.luma16(source, prediction, job, trial.luma);
    trial.transform = 0;
    if (large.groups === 0 || !(isIntra(type) || this.settings.inter.bothTransforms)) return large;
    large.cost += job.lambda * transform.cost(transformAt, 0);
    job.basis = basis8;
    const small = residuals.luma8(source, prediction, job, this.#spare);
    if (small.groups > 0) small.cost += job.lambda * transform.cost(transformAt, 1);
    if (small.cost >= large.cost) return large;
    trial.transform = small.groups > 0 ? 1 : 0;
    trial.luma.set(this.#spare);
    return small;
  }

  /**
   * Codes the chroma residual of a prediction, which stands at the block's place in a picture, into the trial.
   *
   * @param lumaGroups those of the trial.
   */
  chroma(block: BlockJob, prediction: Picture, type: number, lumaGroups: number): ResidualChoice {
    const { row, column, source } = block;
    const { chromaWeight } = this.settings.lagrangian;
    const job = this.residualJob(block, type);
    const { temporal } = this.rates;
    job.groupContext = chromaGroupsContext(block.tokens, temporal, row, column, BLOCK_16, type, lumaGroups);
    job.lambda = block.lambda / chromaWeight;
    const from = moveChroma(this.#chromaSource, source, block);
    const to = moveChroma(this.#chromaPrediction, prediction, block);
    const choice = this.residuals.chroma(from, to, job, this.trial.chroma);
    choice.cost *= chromaWeight;
    return choice;
  }

  /**
   * Predicts the chroma of an intra block in `picture`, where its reconstructed luma stands: as `mode` says or from luma, by
   * their SATD. The record is reused by the next call.
   */
  predictIntraChroma(block: BlockJob, picture: Picture, mode: number): ChromaPrediction {
    const { row, column, size, target, tokens, satdLambda } = block;
    const { blocks, geometry } = this;
    const { chromaFromLuma } = this.rates.probabilities.modes;
    const context = chromaFromLumaContext(tokens, row, column, size);
    const [modeBits, lumaBits] = [chromaFromLuma.cost(context, 0), chromaFromLuma.cost(context, 1)];
    blocks.predictIntraChroma(target, picture, row, column, size, mode, geometry);
    const modeCost = this.#chromaSatd(block, picture) + satdLambda * modeBits;
    blocks.predictChromaFromLuma(target, picture, row, column, size);
    const lumaCost = this.#chromaSatd(block, picture) + satdLambda * lumaBits;
    const result = this.#chromaChoice;
    result.fromLuma = lumaCost < modeCost ? 1 : 0;
    result.bits = result.fromLuma === 1 ? lumaBits : modeBits;
    if (result.fromLuma === 0) blocks.predictIntraChroma(target, picture, row, column, size, mode, geometry);
    return result;
  }

  #chromaSatd(block: BlockJob, picture: Picture): number {
    const from = moveChroma(this.#chromaSource, block.source, block);
    const to = moveChroma(this.#chromaPrediction, picture, block);
    let sum = 0;
    for (const p of [0, 1] as const) {
      sum += this.kernels.call.blockSatd(from[p].at, from[p].stride, to[p].at, to[p].stride, from[p].size);
    }
    return sum;
  }

  /** Squared error of the scratch prediction of a block, in luma. */
  lumaError(block: BlockJob): number {
    return this.#planeError(block, 0);
  }

  /** Weighted squared error of the scratch prediction of a block, in chroma. */
  chromaError(block: BlockJob): number {
    return this.settings.lagrangian.chromaWeight * (this.#planeError(block, 1) + this.#planeError(block, 2));
  }

  #planeError({ row, column, size, source }: BlockJob, plane: 0 | 1 | 2): number {
    const macroblock = plane === 0 ? MACROBLOCK : CHROMA_BLOCK;
    const width = macroblock << size;
    const a = this.#source.moveTo(source.planes[plane], row * macroblock, column * macroblock, width);
    const b = this.#prediction.moveTo(this.scratch.planes[plane], row * macroblock, column * macroblock, width);
    return this.kernels.call.blockSsd(a.at, a.stride, b.at, b.stride, width, width);
  }

  /**
   * Returns the record for coding a residual of a block, reused by the next call; basis and context are left to set.
   */
  residualJob(block: BlockJob, type: number): ResidualJob {
    const job = this.#residualJob;
    job.q = block.q;
    job.lambda = block.lambda;
    job.intra = isIntra(type);
    return job;
  }

  /** Copies the motion in the tokens to a trial. */
  keepMotion(block: BlockJob, trial: Trial): void {
    const { tokens } = block;
    for (let sub = 0; sub < 4; sub++) {
      const at = this.subBlock(block, sub);
      trial.motion[sub * MOTION_FIELDS] = tokens.referenceIndex[at]!;
      for (let i = 0; i < 4; i++) trial.motion[sub * MOTION_FIELDS + 1 + i] = tokens.motion[at * 4 + i]!;
    }
  }

  /** Index of a sub-block on the 8x8 grid. */
  subBlock(block: BlockJob, sub: number): number {
    return block.sub + (sub >> 1) * 2 * this.geometry.columns + (sub & 1);
  }
}

/** Removes the motion of a macroblock from the tokens. */
export function clearMotion(tokens: FrameTokens, row: number, column: number): void {
  setMotion(tokens, 2 * row, 2 * column, 2, NO_MOTION, 0);
}

/** Fields of a motion that is none. */
export const NO_MOTION = Int16Array.of(NO_REFERENCE, 0, 0, 0, 0);

/** Moves both views to a block of a picture. Returns them. */
export function moveChroma(views: ChromaViews, { u, v }: Picture, { row, column, size }: BlockJob): ChromaViews {
  views[0].moveTo(u, row * CHROMA_BLOCK, column * CHROMA_BLOCK, CHROMA_BLOCK << size);
  views[1].moveTo(v, row * CHROMA_BLOCK, column * CHROMA_BLOCK, CHROMA_BLOCK << size);
  return views;
}

function newTrial(): Trial {
  const tokens = new Int16Array(TOKENS_PER_BLOCK);
  return {
    cost: Infinity,
    type: SKIP,
    transform: 0,
    chromaFromLuma: 0,
    lumaGroups: 0,
    chromaGroups: 0,
    tokens,
    luma: tokens.subarray(0, CHROMA_TOKENS),
    chroma: tokens.subarray(CHROMA_TOKENS),
    intraModes: new Uint8Array(4),
    motion: new Int16Array(4 * MOTION_FIELDS),
  };
}
