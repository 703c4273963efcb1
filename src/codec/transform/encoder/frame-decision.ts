import type { KernelMemory, Kernels } from '../../../kernels/kernels.js';
import type { PackTables } from '../pack-tables.js';
import { FrameTokens, type Geometry } from '../frame-tokens.js';
import type { EncoderSettings } from './settings.js';
import { shareRates } from './rate-model.js';
import {
  DONE,
  RowDecision,
  type DecisionJob,
  type FilterJob,
  type Lesson,
  type SharedDecision,
  type SharedFilter,
} from './row-decision.js';

/** Other threads that decide rows, each with a {@link RowDecision} on the same memory. */
export interface DecisionHelpers {
  readonly count: number;
  /** Makes them part of a sequence. */
  join(memory: KernelMemory, shared: SharedDecision): void;
  /** Makes them learn from `lesson`, if there is one, and then decide their rows of a frame. Returns at once. */
  decide(lesson: Lesson | null, job: DecisionJob): void;
  /** Makes them help to filter the frame that they have decided. Returns at once. */
  filter(job: FilterJob): void;
}

/** Decides the tokens of frames in coding order, in this thread and its helpers. */
export class FrameDecision {
  readonly #helpers: DecisionHelpers | null;
  readonly #rows: RowDecision;
  readonly #done: Int32Array<SharedArrayBuffer>;
  /** Statistics that this thread has learned but the helpers have not. */
  #lesson: Lesson | null = null;

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
    this.#done = new Int32Array(new SharedArrayBuffer(4 * geometry.regionRows));
    const tokens = (): FrameTokens => new FrameTokens(geometry, SharedArrayBuffer);
    const shared: SharedDecision = {
      ...{ geometry, pack, settings, done: this.#done },
      tokens: [tokens().arrays(), tokens().arrays()],
      rates: shareRates(kernels, pack, isResilient),
      loopFilter,
      threads: 1 + (helpers?.count ?? 0),
    };
    helpers?.join(kernels.memory, shared);
    this.#rows = new RowDecision(kernels, shared, 0);
  }

  /**
   * Decides a frame.
   *
   * @param qOffset [regions], -8..8, or null for none.
   * @returns its tokens, valid until the next frame is decided. {@link learn} fills the derived fields.
   */
  decide(job: DecisionJob, qOffset: Int8Array | null): FrameTokens {
    const tokens = this.#rows.next;
    tokens.clear();
    if (qOffset !== null) tokens.qOffset.set(qOffset);
    this.#done.fill(0);
    this.#rows.begin(job);
    this.#helpers?.decide(this.#lesson, job);
    this.#rows.decide(job);
    this.#rows.awaitOthers();
    this.#lesson = null;
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

  /** Learns the costs of tokens from the last decided frame. Call it once for each frame or trial. */
  learn(lesson: Lesson): void {
    this.#rows.learn(lesson);
    this.#lesson = lesson;
  }
}
