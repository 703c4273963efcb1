import type { Kernels, Pointer } from '../../../kernels/kernels.js';
import type { PackTables } from '../pack-tables.js';
import type { FrameHeader } from '../../frame-header.js';
import { FrameTokens, type Geometry, type TokenArrays } from '../frame-tokens.js';
import { KernelTables } from '../kernel-tables.js';
import { IntegerNetwork } from '../../../model/integer/integer-network.js';
import type { Program } from '../../../model/integer/program.js';
import { Picture, type PicturePlanes } from '../picture.js';
import { keepIfCloser, MemoryFilter } from '../region-filter.js';
import type { FrameJob, MotionHints } from './block-trials.js';
import { ModeDecision } from './mode-decision.js';
import { RateLearner, RateModel, type SharedRates } from './rate-model.js';
import type { EncoderSettings } from './settings.js';
import { Wavefront } from './wavefront.js';

/** Places in {@link FilterJob.progress}. */
const TAKEN = 0;
export const DONE = 1;

/** A frame to decide; its pictures lie in the memory that all threads share. */
export interface DecisionJob {
  readonly header: FrameHeader;
  /** The picture to encode. */
  readonly source: PicturePlanes;
  /** The buffer for its reconstruction before the loop filter. */
  readonly target: PicturePlanes;
  /** Loop pictures to predict from. */
  readonly references: readonly [PicturePlanes | null, PicturePlanes | null];
  /** The vectors from the look-ahead to the references. */
  readonly hints: MotionHints;
  /** True: forgets what was learned from the frames before. */
  readonly restarts: boolean;
}

/** A decided frame whose regions are to be filtered. */
export interface FilterJob {
  /** As in {@link DecisionJob}; `target` is the reconstruction, `filtered` a copy of it. */
  readonly source: PicturePlanes;
  readonly target: PicturePlanes;
  readonly filtered: PicturePlanes;
  readonly regions: readonly number[];
  /** How many regions threads have taken, and how many are done: zeros at first, used for this frame alone. */
  readonly progress: Int32Array<SharedArrayBuffer>;
}

/** A loop filter that all threads can run. */
export interface SharedFilter {
  readonly program: Program;
  /** As in {@link MemoryFilter}. */
  readonly side: Pointer;
}

/** A decided frame to learn rates from. */
export interface Lesson {
  readonly header: FrameHeader;
  /** False for a trial whose modes are not written to the stream. */
  readonly commit: boolean;
}

/** The data that all threads of a sequence share. All arrays are in shared memory. */
export interface SharedDecision {
  readonly geometry: Geometry;
  readonly pack: PackTables;
  readonly settings: EncoderSettings;
  /** The tokens of the current frame and of the frame before, in alternation. */
  readonly tokens: readonly [TokenArrays, TokenArrays];
  readonly rates: SharedRates;
  /** Null if one thread alone filters, or none. */
  readonly loopFilter: SharedFilter | null;
  /** Progress of a {@link Wavefront}. */
  readonly done: Int32Array<SharedArrayBuffer>;
  /** Number of threads. */
  readonly threads: number;
}

/**
 * One thread's part in deciding frames: every row of regions whose number is `thread` modulo the number of threads. The tokens before
 * a region are all it needs of the others; thread 0 learns the rates of tokens for all.
 */
export class RowDecision {
  readonly #kernels: Kernels;
  readonly #rates: RateModel;
  /** In thread 0; null in the others. */
  readonly #learner: RateLearner | null;
  readonly #decision: ModeDecision;
  readonly #wavefront: Wavefront;
  readonly #loopFilter: MemoryFilter | null;
  readonly #learnsAll: boolean;
  #tokens: FrameTokens;
  #next: FrameTokens;

  constructor(kernels: Kernels, shared: SharedDecision, thread: number) {
    const { geometry, pack, settings, tokens, rates, done, threads } = shared;
    this.#kernels = kernels;
    this.#rates = new RateModel(kernels, pack, rates);
    this.#learner = thread === 0 ? new RateLearner(kernels, pack, settings.rates, this.#rates) : null;
    this.#learnsAll = settings.passes.learnsAll;
    const tables = new KernelTables(kernels, pack);
    this.#decision = new ModeDecision(kernels, tables, this.#rates, geometry, settings);
    this.#wavefront = new Wavefront(geometry.regionColumns, done, thread, threads);
    const { loopFilter } = shared;
    this.#loopFilter =
      loopFilter === null
        ? null
        : new MemoryFilter(kernels, geometry, new IntegerNetwork(loopFilter.program, kernels), loopFilter.side);
    this.#tokens = FrameTokens.adopt(geometry, tokens[0]);
    this.#next = FrameTokens.adopt(geometry, tokens[1]);
  }

  /**
   * Whether this thread has rows. One that has none must not even learn: nobody waits for it, and the tokens are those of a later
   * frame by then.
   */
  get hasRows(): boolean {
    return this.#wavefront.hasRows;
  }

  /** Returns the tokens for the next frame. Other threads may still learn from the tokens of the last frame. */
  get next(): FrameTokens {
    return this.#next;
  }

  /** Prepares the rates for a frame; called in thread 0 before any thread decides it. */
  begin({ header, restarts }: Pick<DecisionJob, 'header' | 'restarts'>): void {
    if (restarts) this.#learner!.restart();
    this.#learner!.beginFrame(header);
  }

  /** Decides this thread's rows, for `next`; if that fails, the other threads fail too. */
  decide({ header, source, target, references, hints }: DecisionJob): void {
    [this.#tokens, this.#next] = [this.#next, this.#tokens];
    const picture = (planes: PicturePlanes): Picture => new Picture(this.#kernels, planes);
    const [first, second] = references.map((planes) => (planes === null ? null : picture(planes)));
    const frame: FrameJob = {
      ...{ header, source: picture(source), target: picture(target), tokens: this.#tokens },
      references: { pictures: [first!, second!], interpolation: header.variant },
      hints,
    };
    this.#rates.beginFrame(header);
    this.#decision.decide(frame, this.#wavefront);
  }

  /** Waits for the rows of the other threads; throws Error if one has failed. */
  awaitOthers(): void {
    this.#wavefront.awaitAll();
  }

  /**
   * Filters regions of the frame that was decided last until all are taken, and keeps the result where it comes closer to the
   * source. The picture must be copied and the side planes written.
   */
  filter({ source, target, filtered, regions, progress }: FilterJob): void {
    const kernels = this.#kernels;
    const { geometry } = this.#tokens;
    const [wanted, before, after] = [source, target, filtered].map((planes) => new Picture(kernels, planes));
    for (;;) {
      const index = Atomics.add(progress, TAKEN, 1);
      if (index >= regions.length) return;
      const region = regions[index]!;
      this.#loopFilter!.filterRegion(before!, after!, region);
      if (keepIfCloser(kernels, geometry, region, wanted!, before!, after!)) this.#tokens.filtered[region] = 1;
      Atomics.add(progress, DONE, 1);
      Atomics.notify(progress, DONE);
    }
  }

  /** Learns from the frame that was decided last; thread 0 also fills its tokens' derived fields. */
  learn({ header, commit }: Lesson): void {
    if (this.#learner !== null) {
      const counts = this.#learnsAll || header.refreshSlot !== null;
      this.#learner.learn(header, this.#tokens, { modes: commit, tokens: counts });
    } else if (commit) this.#rates.endFrame(header, this.#tokens);
  }
}
