import type { Kernels, Pointer } from '../../../kernels/kernels.js';
import type { PackTables } from '../pack-tables.js';
import type { FrameHeader } from '../../frame-header.js';
import { FrameTokens, type Geometry, type TokenArrays } from '../frame-tokens.js';
import { KernelTables } from '../kernel-tables.js';
import { IntegerNetwork } from '../../../model/integer/integer-network.js';
import type { Program } from '../../../model/integer/program.js';
import { Picture, type PicturePlanes } from '../picture.js';
import { keepIfCloser, MemoryFilter } from '../region-filter.js';
import type { TemporalReferences } from '../temporal-motion.js';
import type { FrameJob, MotionHints } from './block-trials.js';
import { ModeDecision } from './mode-decision.js';
import type { RateModel, SharedRates } from './rate-model.js';
import type { EncoderSettings } from './settings.js';
import { Wavefront, type WavefrontProgress } from './wavefront.js';

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
  /** What it takes over from its references. */
  readonly temporal: TemporalReferences;
  readonly progress: WavefrontProgress;
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

/** The data that all threads of a sequence share. All arrays are in shared memory. */
export interface SharedDecision {
  readonly geometry: Geometry;
  readonly pack: PackTables;
  readonly settings: EncoderSettings;
  /** The tokens of the current frame. */
  readonly tokens: TokenArrays;
  readonly rates: SharedRates;
  /** Null if one thread alone filters, or none. */
  readonly loopFilter: SharedFilter | null;
}

/** One thread's part in deciding frames: the rows of regions that it takes. */
export class RowDecision {
  readonly #kernels: Kernels;
  readonly #geometry: Geometry;
  readonly #tokens: FrameTokens;
  readonly #rates: RateModel;
  readonly #decision: ModeDecision;
  readonly #loopFilter: MemoryFilter | null;

  /** @param rates the thread's own, on the memory of `shared.rates`. */
  constructor(kernels: Kernels, { geometry, pack, settings, tokens, loopFilter }: SharedDecision, rates: RateModel) {
    this.#kernels = kernels;
    this.#geometry = geometry;
    this.#rates = rates;
    this.#decision = new ModeDecision(kernels, new KernelTables(kernels, pack), rates, geometry, settings);
    this.#loopFilter =
      loopFilter === null
        ? null
        : new MemoryFilter(kernels, geometry, new IntegerNetwork(loopFilter.program, kernels), loopFilter.side);
    this.#tokens = FrameTokens.adopt(geometry, tokens);
  }

  /** Decides rows of a frame until all are taken; if that fails, the other threads fail too. */
  decide({ header, source, target, references, hints, temporal, progress }: DecisionJob): void {
    const picture = (planes: PicturePlanes): Picture => new Picture(this.#kernels, planes);
    const [first, second] = references.map((planes) => (planes === null ? null : picture(planes)));
    const frame: FrameJob = {
      ...{ header, source: picture(source), target: picture(target), tokens: this.#tokens },
      references: { pictures: [first!, second!], interpolation: header.variant },
      hints,
    };
    this.#rates.beginFrame(temporal);
    this.#decision.decide(frame, new Wavefront(this.#geometry.regionColumns, progress));
  }

  /**
   * Filters regions of the frame that was decided last until all are taken, and keeps the result where it comes closer to the
   * source. The picture must be copied and the side planes written.
   */
  filter({ source, target, filtered, regions, progress }: FilterJob): void {
    const kernels = this.#kernels;
    const geometry = this.#geometry;
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
}
