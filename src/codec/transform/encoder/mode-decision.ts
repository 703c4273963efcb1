import type { Kernels } from '../../../kernels/kernels.js';
import { blockQ, CHROMA_TOKENS, isIntra, MOTION_FIELDS, TOKENS_PER_BLOCK, type Geometry } from '../frame-tokens.js';
import type { KernelTables } from '../kernel-tables.js';
import { setMotion } from '../motion.js';
import { BlockTrials, clearMotion, type BlockJob, type FrameJob } from './block-trials.js';
import { InterTrials } from './inter-trials.js';
import { IntraTrials } from './intra-trials.js';
import type { RateModel } from './rate-model.js';
import type { EncoderSettings, LagrangianSettings } from './settings.js';
import type { Wavefront } from './wavefront.js';

/**
 * Decides modes, motion and tokens of all macroblocks of a frame by Lagrangian costs (Sullivan and Wiegand 1998,
 * "Rate-distortion optimization for video compression"), and reconstructs each macroblock before the next. Only the
 * encoder uses it; nothing here is normative.
 */
export class ModeDecision {
  readonly #tables: KernelTables;
  readonly #geometry: Geometry;
  readonly #trials: BlockTrials;
  readonly #inter: InterTrials;
  readonly #intra: IntraTrials;
  readonly #lagrangian: LagrangianSettings;

  constructor(kernels: Kernels, tables: KernelTables, rates: RateModel, geometry: Geometry, settings: EncoderSettings) {
    this.#lagrangian = settings.lagrangian;
    this.#tables = tables;
    this.#geometry = geometry;
    this.#trials = new BlockTrials(kernels, tables, rates, geometry, settings);
    this.#inter = new InterTrials(this.#trials);
    this.#intra = new IntraTrials(this.#trials);
  }

  /**
   * Fills the frame's tokens (whose qOffset is set) and its target, the reconstruction before the loop filter, for the
   * macroblocks that `wavefront` visits.
   */
  decide(frame: FrameJob, wavefront: Wavefront): void {
    const { header, source, target, tokens, references, hints } = frame;
    const { columns } = this.#geometry;
    const { key, referenced, unreferenced, satdFactor } = this.#lagrangian;
    const factor = header.kind === 'key' ? key : header.refreshSlot !== null ? referenced : unreferenced;
    // No spread, and NaN for floating-point fields: all frames' records then have one shape for the engine.
    const block = {
      header,
      source,
      target,
      tokens,
      references,
      hints,
      row: 0,
      column: 0,
      at: 0,
      sub: 0,
      q: 0,
      lambda: NaN,
      satdLambda: NaN,
    };
    wavefront.visit((row, column) => {
      block.row = row;
      block.column = column;
      block.at = row * columns + column;
      block.sub = 4 * row * columns + 2 * column;
      block.q = blockQ(tokens, header.q, row, column);
      const step = this.#tables.pack.step[block.q]! / 8;
      block.lambda = factor * step * step;
      block.satdLambda = Math.sqrt(factor) * step * satdFactor;
      this.#trials.best.cost = Infinity;
      const interSatd = header.kind === 'inter' ? this.#inter.try(block) : Infinity;
      this.#intra.try(block, interSatd);
      this.#commit(block);
    });
  }

  /** Writes the best trial into the tokens and reconstructs it. */
  #commit(block: BlockJob): void {
    const { tokens, row, column, at } = block;
    const { best } = this.#trials;
    tokens.type[at] = best.type;
    tokens.transform[at] = best.transform;
    tokens.basis[at] = 0;
    tokens.lumaGroups[at] = best.lumaGroups;
    tokens.chromaGroups[at] = best.chromaGroups;
    clearMotion(tokens, row, column);
    for (let sub = 0; sub < 4; sub++) {
      tokens.intraMode[this.#trials.subBlock(block, sub)] = isIntra(best.type) ? best.intraModes[sub]! : 0;
      if (isIntra(best.type)) continue;
      setMotion(tokens, 2 * row + (sub >> 1), 2 * column + (sub & 1), 1, best.motion, sub * MOTION_FIELDS);
    }
    const base = at * TOKENS_PER_BLOCK;
    tokens.coefficients.fill(0, base, base + TOKENS_PER_BLOCK);
    if (best.lumaGroups > 0) tokens.coefficients.set(best.luma, base);
    if (best.chromaGroups > 0) tokens.coefficients.set(best.chroma, base + CHROMA_TOKENS);
    this.#trials.blocks.reconstruct(block.target, tokens, block.q, row, column, block.references);
  }
}
