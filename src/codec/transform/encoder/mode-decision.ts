import type { Kernels } from '../../../kernels/kernels.js';
import { fitsPicture, REGION_MACROBLOCKS } from '../block-order.js';
import {
  BLOCK_16,
  BLOCK_32,
  BLOCK_64,
  blockQ,
  CHROMA_TOKENS,
  isIntra,
  MOTION_FIELDS,
  Q_LIMIT,
  Q_OFFSET_LIMIT,
  TOKENS_PER_BLOCK,
  type FrameTokens,
  type Geometry,
} from '../frame-tokens.js';
import type { KernelTables } from '../kernel-tables.js';
import { setMotion } from '../motion.js';
import { hasResidual, predictQOffset, Q_OFFSETS, qOffsetContext } from '../region-quality.js';
import { BlockTrials, clearMotion, type BlockJob, type FrameJob } from './block-trials.js';
import { InterTrials } from './inter-trials.js';
import { IntraTrials } from './intra-trials.js';
import { LargeTrials, splitBits } from './large-trials.js';
import type { RateModel } from './rate-model.js';
import type { EncoderSettings, LagrangianSettings } from './settings.js';
import type { Wavefront } from './wavefront.js';

/**
 * Decides sizes, modes, motion and tokens of all blocks of a frame by Lagrangian costs (Sullivan and Wiegand 1998,
 * "Rate-distortion optimization for video compression"), reconstructing each before the next. Encoder only: nothing
 * here is normative.
 */
export class ModeDecision {
  readonly #tables: KernelTables;
  readonly #geometry: Geometry;
  readonly #trials: BlockTrials;
  readonly #inter: InterTrials;
  readonly #intra: IntraTrials;
  /** By size of the block. */
  readonly #large: readonly (LargeTrials | null)[];
  readonly #lagrangian: LagrangianSettings;
  readonly #offsetTrials: readonly number[];

  constructor(kernels: Kernels, tables: KernelTables, rates: RateModel, geometry: Geometry, settings: EncoderSettings) {
    this.#lagrangian = settings.lagrangian;
    this.#offsetTrials = settings.passes.offsetTrials;
    this.#tables = tables;
    this.#geometry = geometry;
    this.#trials = new BlockTrials(kernels, tables, rates, geometry, settings);
    this.#inter = new InterTrials(this.#trials);
    this.#intra = new IntraTrials(this.#trials);
    this.#large = [null, new LargeTrials(this.#trials), new LargeTrials(this.#trials)];
  }

  /**
   * Fills the frame's tokens (whose qOffset is set) and its target, the reconstruction before the loop filter, for the
   * regions that `wavefront` visits.
   */
  decide(frame: FrameJob, wavefront: Wavefront): void {
    const { header } = frame;
    const { key, referenced, unreferenced } = this.#lagrangian;
    const factor = header.kind === 'key' ? key : header.refreshSlot !== null ? referenced : unreferenced;
    const jobs = [newJob(frame, BLOCK_16), newJob(frame, BLOCK_32), newJob(frame, BLOCK_64)];
    const { tokens } = frame;
    wavefront.visit((row, column) => {
      const q = blockQ(tokens, header.q, row * REGION_MACROBLOCKS, column * REGION_MACROBLOCKS);
      const step = this.#tables.pack.step[q]! / 8;
      for (const job of jobs) {
        job.q = q;
        job.lambda = factor * step * step;
        job.satdLambda = Math.sqrt(factor) * step * this.#lagrangian.satdFactor;
      }
      const cost = this.#decideTree(jobs, row * REGION_MACROBLOCKS, column * REGION_MACROBLOCKS, BLOCK_64);
      if (hasResidual(tokens, row, column)) this.#tryOffsets(jobs, row, column, cost);
      // Without tokens to quantise, the offset is not coded.
      if (hasResidual(tokens, row, column)) return;
      tokens.qOffset[row * this.#geometry.regionColumns + column] = predictQOffset(tokens, row, column);
    });
  }

  /** Decides a region again with other q around the planned one, but with its lambda; leaves the way of least cost. */
  #tryOffsets(jobs: readonly MutableJob[], row: number, column: number, plannedCost: number): void {
    const { tokens, header, lambda } = jobs[BLOCK_64]!;
    const at = row * this.#geometry.regionColumns + column;
    const planned = tokens.qOffset[at]!;
    let best = planned;
    let least = plannedCost + lambda * this.#offsetBits(tokens, row, column);
    let last = planned;
    const decide = (offset: number): number => {
      tokens.qOffset[at] = offset;
      last = offset;
      const q = blockQ(tokens, header.q, row * REGION_MACROBLOCKS, column * REGION_MACROBLOCKS);
      for (const job of jobs) job.q = q;
      return this.#decideTree(jobs, row * REGION_MACROBLOCKS, column * REGION_MACROBLOCKS, BLOCK_64);
    };
    for (const difference of this.#offsetTrials) {
      const offset = planned + difference;
      if (Math.abs(offset) > Q_OFFSET_LIMIT || header.q + offset < 0 || header.q + offset > Q_LIMIT) continue;
      const cost = decide(offset) + lambda * this.#offsetBits(tokens, row, column);
      if (cost >= least) continue;
      least = cost;
      best = offset;
    }
    if (last !== best) decide(best);
  }

  /** Bits of a region's offset; none without tokens. */
  #offsetBits(tokens: FrameTokens, row: number, column: number): number {
    if (!hasResidual(tokens, row, column)) return 0;
    const difference =
      tokens.qOffset[row * this.#geometry.regionColumns + column]! - predictQOffset(tokens, row, column);
    const { qOffset } = this.#trials.rates.probabilities.modes;
    return qOffset.cost(qOffsetContext(tokens, row, column), (difference + Q_OFFSETS) % Q_OFFSETS);
  }

  /** Decides a block of `size` and all below it; returns its cost. */
  #decideTree(jobs: readonly MutableJob[], row: number, column: number, size: number): number {
    const { rows, columns } = this.#geometry;
    if (row >= rows || column >= columns) return 0;
    const block = jobs[size]!;
    block.row = row;
    block.column = column;
    block.at = row * columns + column;
    block.sub = 4 * row * columns + 2 * column;
    if (size === BLOCK_16) return this.#decideMacroblock(block);
    const fits = fitsPicture(this.#geometry, row, column, size);
    const large = this.#large[size]!;
    if (fits) {
      large.begin(block);
      if (large.cost < this.#trials.settings.inter.earlySkipBits[size]! * block.lambda) {
        large.commit(block);
        return large.cost;
      }
      if (large.tryFirst(block)) {
        large.commit(block);
        return large.cost;
      }
    }
    let cost = fits ? block.lambda * splitBits(this.#trials, block) : 0;
    const half = 1 << (size - 1);
    for (let quarter = 0; quarter < 4; quarter++) {
      cost += this.#decideTree(jobs, row + (quarter >> 1) * half, column + (quarter & 1) * half, size - 1);
    }
    if (!fits) return cost;
    if (!large.hasTriedFirst) {
      if (size === BLOCK_64 && this.#hasMacroblocks(block)) return cost;
      large.tryRest(block);
    }
    if (large.cost >= cost) return cost;
    large.commit(block);
    return large.cost;
  }

  /** Whether a quarter of a 64x64 block is split: then the whole is hardly ever better. */
  #hasMacroblocks({ tokens, row, column }: BlockJob): boolean {
    const { columns } = this.#geometry;
    for (let quarter = 0; quarter < 4; quarter++) {
      const at = (row + (quarter >> 1) * 2) * columns + column + (quarter & 1) * 2;
      if (tokens.blockSize[at] === BLOCK_16) return true;
    }
    return false;
  }

  #decideMacroblock(block: BlockJob): number {
    this.#trials.best.cost = Infinity;
    const interSatd = block.header.kind === 'inter' ? this.#inter.try(block) : Infinity;
    this.#intra.try(block, interSatd);
    this.#commit(block);
    return this.#trials.best.cost;
  }

  /** Writes the best trial into the tokens and reconstructs it. */
  #commit(block: BlockJob): void {
    const { tokens, row, column, at } = block;
    const { best } = this.#trials;
    tokens.clearCoefficients(at);
    tokens.blockSize[at] = BLOCK_16;
    tokens.type[at] = best.type;
    tokens.transform[at] = best.transform;
    tokens.basis[at] = 0;
    tokens.chromaFromLuma[at] = isIntra(best.type) ? best.chromaFromLuma : 0;
    tokens.lumaGroups[at] = best.lumaGroups;
    tokens.chromaGroups[at] = best.chromaGroups;
    clearMotion(tokens, row, column);
    for (let sub = 0; sub < 4; sub++) {
      tokens.intraMode[this.#trials.subBlock(block, sub)] = isIntra(best.type) ? best.intraModes[sub]! : 0;
      if (isIntra(best.type)) continue;
      setMotion(tokens, 2 * row + (sub >> 1), 2 * column + (sub & 1), 1, best.motion, sub * MOTION_FIELDS);
    }
    const base = at * TOKENS_PER_BLOCK;
    if (best.lumaGroups > 0) tokens.coefficients.set(best.luma, base);
    if (best.chromaGroups > 0) tokens.coefficients.set(best.chroma, base + CHROMA_TOKENS);
    this.#trials.blocks.reconstruct(block.target, tokens, block.q, row, column, block.references);
  }
}

/** A {@link BlockJob} while it is moved from block to block. */
type MutableJob = { -readonly [Field in keyof BlockJob]: BlockJob[Field] };

function newJob({ header, source, target, tokens, references, hints }: FrameJob, size: number): MutableJob {
  // No spread, and NaN for floating-point fields: all records then have one shape for the engine.
  return {
    header,
    source,
    target,
    tokens,
    references,
    hints,
    size,
    row: 0,
    column: 0,
    at: 0,
    sub: 0,
    q: 0,
    lambda: NaN,
    satdLambda: NaN,
  };
}
