import type { Kernels } from '../../../kernels/kernels.js';
import type { PackTables } from '../pack-tables.js';
import type { FrameHeader } from '../../frame-header.js';
import { FrameTokens, type Geometry, type TokenArrays } from '../frame-tokens.js';
import { KernelTables } from '../kernel-tables.js';
import { Picture, type PicturePlanes } from '../picture.js';
import type { FrameJob, MotionHints } from './block-trials.js';
import { ModeDecision } from './mode-decision.js';
import { RateModel } from './rate-model.js';
import type { EncoderSettings } from './settings.js';
import { Wavefront } from './wavefront.js';

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
  /** Progress of a {@link Wavefront}. */
  readonly done: Int32Array<SharedArrayBuffer>;
  /** Number of threads. */
  readonly threads: number;
}

/**
 * One thread's part in deciding frames: every row of regions whose number is `thread` modulo the number of threads. The tokens before
 * a region are all it needs of the others, since every thread learns the rates of tokens for itself.
 */
export class RowDecision {
  readonly #kernels: Kernels;
  readonly #rates: RateModel;
  readonly #decision: ModeDecision;
  readonly #wavefront: Wavefront;
  readonly #learnsAll: boolean;
  #tokens: FrameTokens;
  #next: FrameTokens;

  constructor(kernels: Kernels, { geometry, pack, settings, tokens, done, threads }: SharedDecision, thread: number) {
    this.#kernels = kernels;
    this.#rates = new RateModel(kernels, pack, settings.rates);
    this.#learnsAll = settings.passes.learnsAll;
    const tables = new KernelTables(kernels, pack);
    this.#decision = new ModeDecision(kernels, tables, this.#rates, geometry, settings);
    this.#wavefront = new Wavefront(geometry.regionColumns, done, thread, threads);
    this.#tokens = FrameTokens.adopt(geometry, tokens[0]);
    this.#next = FrameTokens.adopt(geometry, tokens[1]);
  }

  /**
   * Whether this thread has rows. One that has none must not even learn: nobody waits for it, and learning writes into tokens that
   * the others use for a later frame by then.
   */
  get hasRows(): boolean {
    return this.#wavefront.hasRows;
  }

  /** Returns the tokens for the next frame. Other threads may still learn from the tokens of the last frame. */
  get next(): FrameTokens {
    return this.#next;
  }

  /** Decides this thread's rows, for `next`; if that fails, the other threads fail too. */
  decide({ header, source, target, references, hints, restarts }: DecisionJob): void {
    [this.#tokens, this.#next] = [this.#next, this.#tokens];
    const picture = (planes: PicturePlanes): Picture => new Picture(this.#kernels, planes);
    const [first, second] = references.map((planes) => (planes === null ? null : picture(planes)));
    const frame: FrameJob = {
      ...{ header, source: picture(source), target: picture(target), tokens: this.#tokens },
      references: { pictures: [first!, second!], interpolation: header.variant },
      hints,
    };
    if (restarts) this.#rates.restart();
    this.#rates.beginFrame(header);
    this.#decision.decide(frame, this.#wavefront);
  }

  /** Waits for the rows of the other threads; throws Error if one has failed. */
  awaitOthers(): void {
    this.#wavefront.awaitAll();
  }

  /** Learns from the frame that was decided last; also fills its tokens' derived fields. */
  learn({ header, commit }: Lesson): void {
    const counts = this.#learnsAll || header.refreshSlot !== null;
    this.#rates.endFrame(header, this.#tokens, { modes: commit, tokens: counts });
  }
}
