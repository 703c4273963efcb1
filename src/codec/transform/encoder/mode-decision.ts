import type { Kernels } from '../../../kernels/kernels.js';
import { blockQ, CHROMA_TOKENS, isIntra, MOTION_FIELDS, TOKENS_PER_BLOCK, type Geometry } from '../frame-tokens.js';
import type { KernelTables } from '../kernel-tables.js';
import { setMotion } from '../motion.js';
import { BlockTrials, clearMotion, type BlockJob, type FrameJob } from './block-trials.js';
import { InterTrials, type MotionHints } from './inter-trials.js';
import { IntraTrials } from './intra-trials.js';
import type { RateModel } from './rate-model.js';
import type { EncoderSettings, LagrangianSettings } from './settings.js';
import type { Wavefront } from './wavefront.js';

/**
 * Decides modes, motion and tokens of all macroblocks of a frame by Lagrangian costs (Sullivan and Wiegand 1998,
 * "Rate-distortion optimization for video compression"), reconstructing each before the next. Encoder only: nothing
 * here is normative.
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
   *
   * @param hints where the look-ahead found the frame in its references.
   */
  decide(frame: FrameJob, hints: MotionHints, wavefront: Wavefront): void {
    const { head, source, target, tokens, references } = frame;
    const { columns } = this.#geometry;
    const { key, referenced, unreferenced, satdFactor } = this.#lagrangian;
    const factor = head.kind === 'key' ? key : head.fills !== null ? referenced : unreferenced;
    wavefront.visit((row, column) => {
      const q = blockQ(tokens, head.q, row, column);
      const step = this.#tables.pack.step[q]! / 8;
      const block: BlockJob = {
        head,
        source,
        target,
        tokens,
        references,
        row,
        column,
        at: row * columns + column,
        sub: 4 * row * columns + 2 * column,
        q,
        lambda: factor * step * step,
        satdLambda: Math.sqrt(factor) * step * satdFactor,
      };
      this.#trials.best.cost = Infinity;
      const interSatd = head.kind === 'inter' ? this.#inter.try(block, hints) : Infinity;
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
      tokens.intraMode[this.#trials.subBlock(block, sub)] = isIntra(best.type) ? best.modes[sub]! : 0;
      if (isIntra(best.type)) continue;
      setMotion(tokens, 2 * row + (sub >> 1), 2 * column + (sub & 1), 1, best.motion, sub * MOTION_FIELDS);
    }
    const base = at * TOKENS_PER_BLOCK;
    tokens.coefficients.fill(0, base, base + TOKENS_PER_BLOCK);
    if (best.lumaGroups > 0) tokens.coefficients.set(best.tokens.subarray(0, CHROMA_TOKENS), base);
    if (best.chromaGroups > 0) tokens.coefficients.set(best.tokens.subarray(CHROMA_TOKENS), base + CHROMA_TOKENS);
    this.#trials.blocks.reconstruct(block.target, tokens, block.q, row, column, block.references);
  }
}
