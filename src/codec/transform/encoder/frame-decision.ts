import type { KernelMemory, Kernels } from '../../../kernels/kernels.js';
import type { FrameHeader } from '../../frame-header.js';
import type { PackTables } from '../pack-tables.js';
import { FrameTokens, type Geometry } from '../frame-tokens.js';
import type { EncoderSettings } from './settings.js';
import { RateLearner, RateModel, shareRates } from './rate-model.js';
import {
  DONE,
  RowDecision,
  type DecisionJob,
  type FilterJob,
  type SharedDecision,
  type SharedFilter,
} from './row-decision.js';
import { newProgress, Wavefront } from './wavefront.js';

/** Other threads that decide rows, each with a {@link RowDecision} on the same memory. */
export interface DecisionHelpers {
  /** Makes them part of a sequence. */
  join(memory: KernelMemory, shared: SharedDecision): void;
  /** Makes them take rows of a frame. Returns at once. */
  decide(job: DecisionJob): void;
  /** Makes them help to filter the frame that they have decided. Returns at once. */
  filter(job: FilterJob): void;
}

/**
 * Decides the tokens of frames in coding order, in this thread and its helpers. The helpers know nothing of earlier frames, so
 * that it does not matter which of them come late.
 */
export class FrameDecision {
  readonly #helpers: DecisionHelpers | null;
  readonly #geometry: Geometry;
  readonly #tokens: FrameTokens;
  readonly #learner: RateLearner;
  readonly #learnsAll: boolean;
  readonly #rows: RowDecision;

  constructor(
    kernels: Kernels,
    geometry: Geometry,
    pack: PackTables,
    settings: EncoderSettings,
    loopFilter: SharedFilter | null,
    helpers: DecisionHelpers | null,
    isResilient: boolean,
  ) {
    this.#helpers = helpers;
    this.#geometry = geometry;
    this.#tokens = new FrameTokens(geometry, SharedArrayBuffer);
    const shared: SharedDecision = {
      ...{ geometry, pack, settings, loopFilter },
      tokens: this.#tokens.arrays(),
      rates: shareRates(kernels, pack, isResilient),
    };
    helpers?.join(kernels.memory, shared);
    const rates = new RateModel(kernels, pack, shared.rates);
    this.#learner = new RateLearner(kernels, pack, settings.rates, rates);
    this.#learnsAll = settings.passes.learnsAll;
    this.#rows = new RowDecision(kernels, shared, rates);
  }

  /**
   * Decides a frame.
   *
   * @param qOffset [regions], -8..8, or null for none.
   * @param restarts true: forgets what was learned from the frames before.
   * @returns its tokens, valid until the next frame is decided. {@link learn} fills the derived fields.
   */
  decide(job: Omit<DecisionJob, 'temporal' | 'progress'>, qOffset: Int8Array | null, restarts: boolean): FrameTokens {
    const tokens = this.#tokens;
    tokens.clear();
    if (qOffset !== null) tokens.qOffset.set(qOffset);
    if (restarts) this.#learner.restart();
    const { regionColumns, regionRows } = this.#geometry;
    const progress = newProgress(regionRows);
    const shared: DecisionJob = { ...job, temporal: this.#learner.beginFrame(job.header), progress };
    this.#helpers?.decide(shared);
    this.#rows.decide(shared);
    new Wavefront(regionColumns, progress).awaitAll();
    return tokens;
  }

  /** Filters regions of the last decided frame where that brings them closer to the source, and says so in its tokens. */
  filter(job: Omit<FilterJob, 'progress'>): void {
    // Memory of its own: a thread that comes late finds that nothing is left.
    const progress = new Int32Array(new SharedArrayBuffer(8));
    const shared = { ...job, progress };
    this.#helpers?.filter(shared);
    this.#rows.filter(shared);
    for (;;) {
      const done = Atomics.load(progress, DONE);
      if (done === job.regions.length) return;
      Atomics.wait(progress, DONE, done);
    }
  }

  /**
   * Learns the costs of tokens from the last decided frame. Call it once for each frame or trial.
   *
   * @param isWritten false for a trial whose modes are not written to the stream.
   */
  learn(header: FrameHeader, isWritten: boolean): void {
    const counts = this.#learnsAll || header.refreshSlot !== null;
    this.#learner.learn(header, this.#tokens, { modes: isWritten, tokens: counts });
  }
}
