import type { Pointer } from '../../../kernels/kernels.js';
import { INTRA16, INTRA8 } from '../frame-tokens.js';
import { intraModeContext, lumaGroupsContext, typeContext, typeKeyContext } from '../mode-contexts.js';
import { clearMotion, type BlockJob, type BlockTrials } from './block-trials.js';

/** Ways of predicting a macroblock from its own picture. */
export class IntraTrials {
  readonly #trials: BlockTrials;
  readonly #prediction: Pointer;

  constructor(trials: BlockTrials) {
    this.#trials = trials;
    this.#prediction = trials.kernels.allocate(256);
  }

  /** Tries 16x16 and 8x8 prediction on one macroblock, unless `interSatd` makes that hopeless. */
  try(block: BlockJob, interSatd: number): void {
    const { row, column, tokens } = block;
    const { modes } = this.#trials.rates.tables;
    const isKey = block.head.kind === 'key';
    const typeBits = (type: number): number =>
      isKey
        ? modes.typeKey.cost(typeKeyContext(tokens, row, column), type - INTRA16)
        : modes.type.cost(typeContext(tokens, row, column), type);
    const { interMargin, secondMargin } = this.#trials.settings.intra;
    const [first, second] = this.#rank16(block);
    if (first.satd > interMargin * interSatd) return;
    clearMotion(tokens, row, column);
    this.#try16(block, first.mode, typeBits(INTRA16) + first.bits);
    if (isKey && second.satd < secondMargin * first.satd) {
      this.#try16(block, second.mode, typeBits(INTRA16) + second.bits);
    }
    this.#try8(block, typeBits(INTRA8));
  }

  /** The two 16x16 modes of least SATD cost. */
  #rank16(block: BlockJob): [RankedMode, RankedMode] {
    const { row, column, source, target, tokens } = block;
    const { kernels, tables, blocks, geometry, rates } = this.#trials;
    const modeCount = tables.pack.intraModes;
    const context = intraModeContext(tokens, 2 * row, 2 * column, modeCount);
    const from = source.y.at + row * 16 * source.y.stride + column * 16;
    const boundary = blocks.lumaBoundary(target, row, column, -1, geometry.columns);
    let first: RankedMode = { mode: 0, satd: Infinity, bits: 0 };
    let second = first;
    for (let mode = 0; mode < modeCount; mode++) {
      kernels.call.intraPredict(boundary, 16, tables.intra16[mode]!, this.#prediction, 16);
      const bits = rates.tables.modes.intraMode16.cost(context, mode);
      const satd = kernels.call.blockSatd(from, source.y.stride, this.#prediction, 16, 16) + block.satdLambda * bits;
      if (satd < first.satd) {
        second = first;
        first = { mode, satd, bits };
      } else if (satd < second.satd) second = { mode, satd, bits };
    }
    return [first, second];
  }

  #try16(block: BlockJob, mode: number, bits: number): void {
    const trials = this.#trials;
    const { tables, geometry } = trials;
    const boundary = trials.blocks.lumaBoundary(block.target, block.row, block.column, -1, geometry.columns);
    trials.kernels.call.intraPredict(boundary, 16, tables.intra16[mode]!, this.#prediction, 16);
    const { intraBasis16, intraBasis8 } = tables.pack;
    const luma = trials.luma(block, INTRA16, this.#prediction, 16, [intraBasis16[mode]!, intraBasis8[mode]!]);
    trials.trial.modes.fill(mode);
    this.#finish(block, INTRA16, luma.cost + block.lambda * bits, luma.groups);
  }

  /** Sub-blocks one after another, each predicted from the reconstruction of those before. */
  #try8(block: BlockJob, typeBits: number): void {
    const { row, column, source, target, q, lambda, tokens } = block;
    const { trial, best, blocks, residuals, kernels, tables, geometry, rates } = this.#trials;
    const { intraMode8, lumaGroups } = rates.tables.modes;
    const { pack } = tables;
    const { stride } = target.y;
    tokens.type[block.at] = INTRA8;
    trial.tokens.fill(0);
    trial.transform = 1;
    let cost = lambda * typeBits;
    let groups = 0;
    for (let sub = 0; sub < 4; sub++) {
      const y = row * 16 + (sub >> 1) * 8;
      const x = column * 16 + (sub & 1) * 8;
      const from = source.y.at + y * source.y.stride + x;
      const to = target.y.at + y * stride + x;
      const boundary = blocks.lumaBoundary(target, row, column, sub, geometry.columns);
      const context = intraModeContext(tokens, y >> 3, x >> 3, pack.intraModes);
      const mode = this.#best8(block, boundary, from, context);
      trial.modes[sub] = mode;
      tokens.intraMode[this.#trials.subBlock(block, sub)] = mode;
      kernels.call.intraPredict(boundary, 8, tables.intra8[mode]!, to, stride);
      const basis = pack.intraBasis8[mode]!;
      const choice = residuals.lumaSub(from, source.y.stride, to, stride, q, basis, sub, lambda, trial.tokens, 0);
      cost += choice.cost + lambda * intraMode8.cost(context, mode);
      groups = Math.max(groups, choice.groups);
      if (cost >= best.cost) return;
      if (choice.groups > 0) {
        blocks.loadTokens(trial.tokens, 0);
        blocks.addLuma8(to, stride, q, sub, basis, true);
      }
    }
    cost += lambda * lumaGroups.cost(lumaGroupsContext(tokens, row, column, INTRA8), groups);
    this.#finish(block, INTRA8, cost, groups);
  }

  #best8(block: BlockJob, boundary: Pointer, from: Pointer, context: number): number {
    const { kernels, tables, rates } = this.#trials;
    const { stride } = block.source.y;
    let best = 0;
    let bestSatd = Infinity;
    for (let mode = 0; mode < tables.pack.intraModes; mode++) {
      kernels.call.intraPredict(boundary, 8, tables.intra8[mode]!, this.#prediction, 8);
      const satd =
        kernels.call.blockSatd(from, stride, this.#prediction, 8, 8) +
        block.satdLambda * rates.tables.modes.intraMode8.cost(context, mode);
      if (satd < bestSatd) {
        bestSatd = satd;
        best = mode;
      }
    }
    return best;
  }

  /** Adds chroma to the trial and keeps it if it is the best so far. */
  #finish(block: BlockJob, type: number, cost: number, groups: number): void {
    const { trial, best, blocks, geometry } = this.#trials;
    if (cost >= best.cost) return;
    const { row, column, target } = block;
    const mode = trial.modes[0]!;
    blocks.predictIntraChroma(target.u, row, column, mode, geometry.columns);
    blocks.predictIntraChroma(target.v, row, column, mode, geometry.columns);
    const chroma = this.#trials.chroma(block, target, type, groups > 0);
    trial.cost = cost + chroma.cost;
    if (trial.cost >= best.cost) return;
    trial.type = type;
    trial.lumaGroups = groups;
    trial.chromaGroups = chroma.groups;
    trial.motion.fill(0);
    this.#trials.keep();
  }
}

interface RankedMode {
  readonly mode: number;
  /** SATD and the mode's bits, weighted. */
  readonly satd: number;
  readonly bits: number;
}
