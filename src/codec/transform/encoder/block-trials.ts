import type { Kernels, Pointer } from '../../../kernels/kernels.js';
import { BlockReconstruction, type References } from '../block-reconstruction.js';
import type { FrameHead } from '../../frame-head.js';
import {
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
import { chromaGroupsContext, lumaGroupsContext, transformContext } from '../mode-contexts.js';
import { setMotion } from '../motion.js';
import type { Picture } from '../picture.js';
import type { RateModel } from './rate-model.js';
import type { EncoderSettings } from './settings.js';
import { ResidualCoding, type ResidualChoice } from './residual-coding.js';

/** A frame that is being decided. */
export interface FrameJob {
  readonly head: FrameHead;
  readonly source: Picture;
  readonly target: Picture;
  readonly tokens: FrameTokens;
  readonly references: References;
}

/** A macroblock that is being decided. */
export interface BlockJob extends FrameJob {
  readonly row: number;
  readonly column: number;
  /** Index of the macroblock, and of its first sub-block on the 8x8 grid. */
  readonly at: number;
  readonly sub: number;
  readonly q: number;
  /** Squared error, and SATD, per bit. */
  readonly lambda: number;
  readonly satdLambda: number;
}

/** What one way of coding a macroblock costs and needs. */
export interface Trial {
  cost: number;
  type: number;
  transform: number;
  lumaGroups: number;
  chromaGroups: number;
  readonly tokens: Int16Array;
  /** Intra mode of each sub-block. */
  readonly modes: Uint8Array;
  /** [4, 5]: motion of each sub-block. */
  readonly motion: Int16Array;
}

/** What all ways of coding a macroblock share: the best one so far, and the coding of residuals. */
export class BlockTrials {
  /** The best way so far. */
  readonly best = newTrial();
  /** The one being tried. */
  readonly trial = newTrial();
  readonly blocks: BlockReconstruction;
  readonly residuals: ResidualCoding;
  readonly #spare = new Int16Array(TOKENS_PER_BLOCK);

  constructor(
    readonly kernels: Kernels,
    readonly tables: KernelTables,
    readonly rates: RateModel,
    readonly geometry: Geometry,
    readonly settings: EncoderSettings,
  ) {
    this.blocks = new BlockReconstruction(kernels, tables);
    this.residuals = new ResidualCoding(kernels, tables, rates);
  }

  /** Makes the trial the best. */
  keep(): void {
    const { tokens, modes, motion, ...rest } = this.trial;
    this.best.tokens.set(tokens);
    this.best.modes.set(modes);
    this.best.motion.set(motion);
    Object.assign(this.best, rest);
  }

  /** Codes the luma residual of a 16x16 prediction into the trial with the better of the two transforms. */
  luma(
    block: BlockJob,
    type: number,
    prediction: Pointer,
    predictionStride: number,
    bases: readonly [number, number],
  ): ResidualChoice {
    const { row, column, q, lambda, tokens } = block;
    const source = block.source.y;
    const from = source.at + row * 16 * source.stride + column * 16;
    const { trial, residuals } = this;
    const intra = isIntra(type);
    const context = lumaGroupsContext(tokens, row, column, type);
    const { transform } = this.rates.tables.modes;
    const transformAt = transformContext(tokens, row, column, type);
    const common = [from, source.stride, prediction, predictionStride, q] as const;
    const large = residuals.luma16(...common, bases[0], intra, context, lambda, trial.tokens, 0);
    trial.transform = 0;
    if (large.groups === 0) return large;
    large.cost += lambda * transform.cost(transformAt, 0);
    const small = residuals.luma8(...common, bases[1], intra, context, lambda, this.#spare, 0);
    if (small.groups > 0) small.cost += lambda * transform.cost(transformAt, 1);
    if (small.cost >= large.cost) return large;
    trial.transform = small.groups > 0 ? 1 : 0;
    trial.tokens.set(this.#spare.subarray(0, CHROMA_TOKENS), 0);
    return small;
  }

  /** Codes the chroma residual of a prediction into the trial. */
  chroma(block: BlockJob, prediction: Picture, type: number, hasLuma: boolean): ResidualChoice {
    const { row, column, source } = block;
    const { chromaWeight } = this.settings.lagrangian;
    const choice = this.residuals.chroma(
      [source.u, source.v],
      row * 8 * source.u.stride + column * 8,
      [prediction.u, prediction.v],
      row * 8 * prediction.u.stride + column * 8,
      block.q,
      isIntra(type),
      chromaGroupsContext(block.tokens, row, column, type, hasLuma),
      block.lambda / chromaWeight,
      this.trial.tokens,
      0,
    );
    choice.cost *= chromaWeight;
    return choice;
  }

  /** Notes the motion that stands in the tokens in a trial. */
  keepMotion(block: BlockJob, trial: Trial): void {
    const { tokens } = block;
    for (let sub = 0; sub < 4; sub++) {
      const at = this.subBlock(block, sub);
      trial.motion[sub * MOTION_FIELDS] = tokens.reference[at]!;
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

const NO_MOTION = Int16Array.of(NO_REFERENCE, 0, 0, 0, 0);

function newTrial(): Trial {
  return {
    cost: Infinity,
    type: SKIP,
    transform: 0,
    lumaGroups: 0,
    chromaGroups: 0,
    tokens: new Int16Array(TOKENS_PER_BLOCK),
    modes: new Uint8Array(4),
    motion: new Int16Array(4 * MOTION_FIELDS),
  };
}
