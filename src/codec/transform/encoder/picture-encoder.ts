import type { Kernels } from '../../../kernels/kernels.js';
import { IntegerNetwork } from '../../../model/integer/integer-network.js';
import type { Network } from '../../../model/network.js';
import type { PackTables } from '../pack-tables.js';
import type { FrameHeader } from '../../frame-header.js';
import { SKIP, type FrameTokens, type Geometry } from '../frame-tokens.js';
import { sidePlanes } from '../loop-filter.js';
import { Picture, type PicturePlanes } from '../picture.js';
import type { Planes, VisiblePlanes } from '../../planes.js';
import { ReferenceSlots } from '../reference-slots.js';
import { keepIfCloser, MemoryFilter, regionFilterOf, type RegionFilter } from '../region-filter.js';
import { FrameDecision, type DecisionHelpers } from './frame-decision.js';
import type { MotionHints } from './block-trials.js';
import type { EncoderSettings, PassSettings } from './settings.js';

/** The head of a frame whose tokens are not decided. */
export type WantedHeader = Omit<FrameHeader, 'hasLoopFilter' | 'hasQOffsets'>;

/** The encoder's decisions for one frame. */
export interface EncodedPicture {
  readonly header: FrameHeader;
  readonly tokens: FrameTokens;
  /** Reconstruction after the loop filter, at coded size. */
  readonly loop: Planes;
  /** Returns the reconstruction before it, until the next frame is encoded. */
  readonly readUnfiltered: () => Planes;
  /** Returns the picture that was to be encoded, which may be a mean with neighbours, until the next frame is encoded. */
  readonly readSource: () => Planes;
}

/** Decides the tokens of frames in coding order and keeps the loop pictures, as the decoder will. */
export class PictureEncoder {
  readonly #kernels: Kernels;
  readonly #geometry: Geometry;
  readonly #source: Picture;
  readonly #work: Picture;
  readonly #filtered: Picture;
  readonly #slots: ReferenceSlots;
  readonly #decision: FrameDecision;
  readonly #loopFilter: RegionFilter | null;
  readonly #passes: PassSettings;

  /**
   * @param loopFilter the pack's graph, or null to leave all frames unfiltered.
   * @param helpers other threads that help, or null.
   * @param isResilient whether the tokens are for a resilient stream.
   */
  constructor(
    kernels: Kernels,
    geometry: Geometry,
    pack: PackTables,
    loopFilter: Network | null,
    settings: EncoderSettings,
    helpers: DecisionHelpers | null = null,
    isResilient = false,
  ) {
    this.#kernels = kernels;
    this.#geometry = geometry;
    this.#passes = settings.passes;
    this.#source = Picture.allocate(kernels, geometry);
    this.#work = Picture.allocate(kernels, geometry);
    this.#filtered = Picture.allocate(kernels, geometry);
    this.#slots = new ReferenceSlots(kernels, geometry);
    this.#loopFilter = loopFilter === null ? null : regionFilterOf(kernels, geometry, loopFilter);
    const shared =
      loopFilter instanceof IntegerNetwork && this.#loopFilter instanceof MemoryFilter
        ? { program: loopFilter.program, side: this.#loopFilter.side }
        : null;
    this.#decision = new FrameDecision(kernels, geometry, pack, settings, shared, helpers, isResilient);
  }

  /**
   * Encodes one frame.
   *
   * @param planes the visible picture to encode.
   * @param wanted head of the frame; whether the loop filter is used is decided here.
   * @param qOffset [regions], -8..8, or null for none.
   * @param hints the vectors from the look-ahead to the references.
   * @param spare planes at coded size that nobody needs any more; their memory is used for the loop picture.
   */
  async encode(
    planes: VisiblePlanes,
    wanted: WantedHeader,
    qOffset: Int8Array | null = null,
    hints: MotionHints = [null, null],
    spare?: Planes,
  ): Promise<EncodedPicture> {
    const geometry = this.#geometry;
    let header: FrameHeader = {
      ...wanted,
      hasLoopFilter: false,
      hasQOffsets: qOffset?.some((value) => value !== 0) === true,
    };
    this.#source.writeVisible(planes, geometry.width, geometry.height);
    if (header.kind === 'key') this.#slots.clear();
    let tokens = this.#decide(header, qOffset, hints, header.kind === 'key');
    if (header.kind === 'key' && this.#passes.key === 2) {
      // The statistics of this scene are not known yet: count them, then decide again.
      this.#decision.learn(header, false);
      tokens = this.#decide(header, qOffset, hints, false);
    }
    if (tokens.qOffset.some((value) => value !== 0)) header = { ...header, hasQOffsets: true };
    const loop = await this.#filter(header, tokens);
    header = { ...header, hasLoopFilter: tokens.filtered.includes(1) };
    this.#decision.learn(header, true);
    if (header.refreshSlot !== null) this.#slots.copy(header.refreshSlot, loop, header.pts);
    return {
      ...{ header, tokens: tokens.copy(), loop: loop.read(spare) },
      readUnfiltered: () => this.#work.read(),
      readSource: () => this.#source.read(),
    };
  }

  /** Makes the loop picture: filters the regions with new content if the filter brings them closer to the source. */
  async #filter(header: FrameHeader, tokens: FrameTokens): Promise<Picture> {
    const kernels = this.#kernels;
    const geometry = this.#geometry;
    const { filterSlots } = this.#passes;
    const isTried = filterSlots === null || (header.refreshSlot !== null && header.refreshSlot <= filterSlots);
    if (this.#loopFilter === null || !isTried) return this.#work;
    const changed = new Set<number>();
    tokens.type.forEach((type, at) => {
      const row = Math.floor(at / geometry.columns);
      if (type !== SKIP) changed.add(geometry.regionOf(row, at % geometry.columns));
    });
    const side = sidePlanes(header, tokens);
    if (this.#loopFilter instanceof MemoryFilter) {
      this.#loopFilter.begin(this.#work, this.#filtered, side);
      const [source, target, filtered] = [this.#source.planes, this.#work.planes, this.#filtered.planes];
      this.#decision.filter({ source, target, filtered, regions: [...changed] });
      return this.#filtered;
    }
    await this.#loopFilter.filter(this.#work, this.#filtered, side, [...changed]);
    for (const region of changed) {
      const isCloser = keepIfCloser(kernels, geometry, region, this.#source, this.#work, this.#filtered);
      if (isCloser) tokens.filtered[region] = 1;
    }
    return this.#filtered;
  }

  #decide(header: FrameHeader, qOffset: Int8Array | null, hints: MotionHints, restarts: boolean): FrameTokens {
    const planesOf = (slot: number | null): PicturePlanes | null => this.#slots.get(slot)?.planes ?? null;
    const references = [planesOf(header.referenceSlot0), planesOf(header.referenceSlot1)] as const;
    const job = { header, source: this.#source.planes, target: this.#work.planes, references, hints };
    return this.#decision.decide(job, qOffset, restarts);
  }
}
