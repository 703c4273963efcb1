import { BlockView } from '../../../kernels/block-view.js';
import type { Pointer } from '../../../kernels/kernels.js';
import { MACROBLOCK, SUB_BLOCK } from '../../macroblock-grid.js';
import { BLOCK_16, INTRA16, INTRA8 } from '../frame-tokens.js';
import {
  intraMode16Context,
  intraMode8Context,
  lumaGroupsContext,
  typeContext,
  typeKeyContext,
} from '../mode-contexts.js';
import { IntraModes, type RankedModes } from './intra-modes.js';
import { clearMotion, type BlockJob, type BlockTrials } from './block-trials.js';

/** Ways of predicting a macroblock from its own picture. */
export class IntraTrials {
  readonly #trials: BlockTrials;
  readonly #modes: IntraModes;
  readonly #source = new BlockView();
  readonly #prediction: BlockView;
  /** Buffers for the prediction and reconstruction of a sub-block. */
  readonly #target = new BlockView();

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#modes = new IntraModes(trials.tables.pack.intraClass);
    this.#prediction = BlockView.allocate(trials.kernels, MACROBLOCK);
  }

  /** Tries 16x16 and 8x8 prediction on one macroblock, unless `interSatd` is so low that they cannot win. */
  try(block: BlockJob, interSatd: number): void {
    const { row, column, tokens } = block;
    const { modes } = this.#trials.rates.probabilities;
    const isKey = block.header.kind === 'key';
    const typeBits = (type: number): number =>
      isKey
        ? modes.typeKey.cost(typeKeyContext(tokens, row, column), type - INTRA16)
        : modes.type.cost(typeContext(tokens, this.#trials.rates.temporal, row, column), type);
    const { leastBits, firstMargin, interMargin, secondMargin, subBlocksInInter } = this.#trials.settings.intra;
    if (!isKey && this.#trials.best.cost < leastBits * block.lambda) return;
    const context = intraMode16Context(tokens, 2 * row, 2 * column, this.#trials.tables.pack.intraModes);
    const bits16 = (mode: number): number => typeBits(INTRA16) + modes.intraMode16.cost(context, mode);
    const { first, second } = this.#rank16(block, context, firstMargin * interSatd);
    if (first.cost > interMargin * interSatd) return;
    clearMotion(tokens, row, column);
    this.#try16(block, first.mode, bits16(first.mode));
    if (isKey && second.cost < secondMargin * first.cost) this.#try16(block, second.mode, bits16(second.mode));
    if (isKey || subBlocksInInter) this.#try8(block, typeBits(INTRA8));
  }

  /** Finds the two 16x16 modes of least SATD cost. */
  #rank16(block: BlockJob, context: number, limit: number): RankedModes {
    const { row, column, source, target } = block;
    const { tables, blocks, geometry, rates } = this.#trials;
    const { intraMode16 } = rates.probabilities.modes;
    const from = this.#source.moveTo(source.y, row * MACROBLOCK, column * MACROBLOCK, MACROBLOCK);
    const boundary = blocks.lumaBoundary(target, row, column, -1, geometry);
    const bits = (mode: number): number => intraMode16.cost(context, mode);
    return this.#rank(block, from, boundary, MACROBLOCK, tables.intra16, bits, limit);
  }

  /** Ranks the modes of `size` x `size` samples by SATD and `bits`. */
  #rank(
    { satdLambda }: BlockJob,
    from: BlockView,
    boundary: Pointer,
    size: number,
    matrices: readonly Pointer[],
    bits: (mode: number) => number,
    limit?: number,
  ): RankedModes {
    const { kernels, settings } = this.#trials;
    const to = this.#prediction;
    to.resize(size);
    const costOf = (mode: number): number => {
      kernels.call.intraPredict(boundary, size, matrices[mode]!, to.at, to.stride);
      return kernels.call.blockSatd(from.at, from.stride, to.at, to.stride, size) + satdLambda * bits(mode);
    };
    return this.#modes.rank(costOf, limit, settings.intra.fine);
  }

  #try16(block: BlockJob, mode: number, bits: number): void {
    const trials = this.#trials;
    const { tables, geometry } = trials;
    const boundary = trials.blocks.lumaBoundary(block.target, block.row, block.column, -1, geometry);
    const { target, row, column, q } = block;
    const to = this.#target.moveTo(target.y, row * MACROBLOCK, column * MACROBLOCK, MACROBLOCK);
    trials.kernels.call.intraPredict(boundary, MACROBLOCK, tables.intra16[mode]!, to.at, to.stride);
    const { trial, blocks } = trials;
    const basis16 = tables.pack.intraBasis16[mode]!;
    const basis8 = tables.pack.intraBasis8[mode]!;
    const luma = trials.luma(block, INTRA16, to, basis16, basis8);
    const cost = luma.cost + block.lambda * bits;
    if (cost >= trials.best.cost) return;
    trial.intraModes.fill(mode);
    if (luma.groups > 0) {
      blocks.loadTokens(trial.tokens, 0);
      blocks.addLuma(target, row, column, q, trial.transform, trial.transform === 1 ? basis8 : basis16, true);
    }
    this.#finish(block, INTRA16, cost, luma.groups);
  }

  /** Tries the sub-blocks one after another. Each is predicted from the reconstruction of the earlier ones. */
  #try8(block: BlockJob, typeBits: number): void {
    const { row, column, source, target, q, lambda, tokens } = block;
    const { trial, best, blocks, residuals, kernels, tables, geometry, rates } = this.#trials;
    const { intraMode8, lumaGroups } = rates.probabilities.modes;
    const { pack } = tables;
    const job = this.#trials.residualJob(block, INTRA8);
    tokens.type[block.at] = INTRA8;
    trial.tokens.fill(0);
    trial.transform = 1;
    let cost = lambda * typeBits;
    let groups = 0;
    for (let sub = 0; sub < 4; sub++) {
      const y = 2 * row + (sub >> 1);
      const x = 2 * column + (sub & 1);
      const from = this.#source.moveTo(source.y, y * SUB_BLOCK, x * SUB_BLOCK, SUB_BLOCK);
      const to = this.#target.moveTo(target.y, y * SUB_BLOCK, x * SUB_BLOCK, SUB_BLOCK);
      const boundary = blocks.lumaBoundary(target, row, column, sub, geometry);
      const context = intraMode8Context(tokens, y, x, pack.intraModes);
      const mode = this.#best8(block, boundary, from, context);
      trial.intraModes[sub] = mode;
      tokens.intraMode[this.#trials.subBlock(block, sub)] = mode;
      kernels.call.intraPredict(boundary, SUB_BLOCK, tables.intra8[mode]!, to.at, to.stride);
      job.basis = pack.intraBasis8[mode]!;
      const choice = residuals.lumaSub(from, to, sub, job, trial.luma);
      cost += choice.cost + lambda * intraMode8.cost(context, mode);
      groups = Math.max(groups, choice.groups);
      if (cost >= best.cost) return;
      if (choice.groups > 0) {
        blocks.loadTokens(trial.tokens, 0);
        blocks.addLuma8(to.at, to.stride, q, sub, job.basis, true);
      }
    }
    const groupsAt = lumaGroupsContext(tokens, rates.temporal, row, column, BLOCK_16, INTRA8);
    cost += lambda * lumaGroups.cost(groupsAt, groups);
    this.#finish(block, INTRA8, cost, groups);
  }

  #best8(block: BlockJob, boundary: Pointer, from: BlockView, context: number): number {
    const { tables, rates } = this.#trials;
    const { intraMode8 } = rates.probabilities.modes;
    const bits = (mode: number): number => intraMode8.cost(context, mode);
    return this.#rank(block, from, boundary, SUB_BLOCK, tables.intra8, bits).first.mode;
  }

  /** Adds chroma to the trial, whose reconstructed luma stands in the target, and keeps it if it is the best so far. */
  #finish(block: BlockJob, type: number, cost: number, groups: number): void {
    const { trial, best } = this.#trials;
    if (cost >= best.cost) return;
    const { target } = block;
    const prediction = this.#trials.predictIntraChroma(block, target, trial.intraModes[0]!);
    const chroma = this.#trials.chroma(block, target, type, groups);
    trial.cost = cost + chroma.cost + block.lambda * prediction.bits;
    trial.chromaFromLuma = prediction.fromLuma;
    if (trial.cost >= best.cost) return;
    trial.type = type;
    trial.lumaGroups = groups;
    trial.chromaGroups = chroma.groups;
    trial.motion.fill(0);
    this.#trials.keep();
  }
}
