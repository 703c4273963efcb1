import type { Kernels } from '../../../kernels/kernels.js';
import type { Network } from '../../../model/network.js';
import type { PackTables } from '../pack-tables.js';
import type { FrameHeader } from '../../frame-header.js';
import { SKIP, type FrameTokens, type Geometry } from '../frame-tokens.js';
import { copyRegion, regionError, sidePlanes } from '../loop-filter.js';
import { Picture, type PicturePlanes } from '../picture.js';
import type { Planes } from '../../planes.js';
import { ReferenceSlots } from '../reference-slots.js';
import { regionFilterOf, type RegionFilter } from '../region-filter.js';
import { FrameDecision, type DecisionHelpers } from './frame-decision.js';
import type { MotionHints } from './block-trials.js';
import type { DecisionJob } from './row-decision.js';
import type { EncoderSettings } from './settings.js';

/** The encoder's decisions for one frame. */
export interface EncodedPicture {
  readonly header: FrameHeader;
  readonly tokens: FrameTokens;
  /** Reconstruction before and after the loop filter, at coded size. */
  readonly unfiltered: Planes;
  readonly loop: Planes;
  /** The picture that was to be encoded, which may be a mean with neighbours, at coded size. */
  readonly source: Planes;
}

/** Decides the tokens of frames in coding order and keeps the loop pictures, as the decoder will. */
export class PictureEncoder {
  readonly #geometry: Geometry;
  readonly #source: Picture;
  readonly #work: Picture;
  readonly #filtered: Picture;
  readonly #slots: ReferenceSlots;
  readonly #decision: FrameDecision;
  readonly #loopFilter: RegionFilter | null;

  /**
   * @param loopFilter the pack's graph, or null to leave all frames unfiltered.
   * @param helpers other threads that help, or null.
   */
  constructor(
    kernels: Kernels,
    geometry: Geometry,
    pack: PackTables,
    loopFilter: Network | null,
    settings: EncoderSettings,
    helpers: DecisionHelpers | null = null,
  ) {
    this.#geometry = geometry;
    this.#source = Picture.allocate(kernels, geometry);
    this.#work = Picture.allocate(kernels, geometry);
    this.#filtered = Picture.allocate(kernels, geometry);
    this.#slots = new ReferenceSlots(kernels, geometry);
    this.#decision = new FrameDecision(kernels, geometry, pack, settings, helpers);
    this.#loopFilter = loopFilter === null ? null : regionFilterOf(kernels, geometry, loopFilter);
  }

  /**
   * Encodes one frame.
   *
   * @param planes the visible picture to encode.
   * @param wanted head of the frame; whether the loop filter is used is decided here.
   * @param qOffset [regions], -8..8, or null for none.
   * @param hints the vectors from the look-ahead to the references.
   */
  async encode(
    planes: { y: Uint8Array; u: Uint8Array; v: Uint8Array },
    wanted: Omit<FrameHeader, 'hasLoopFilter' | 'hasQOffsets'>,
    qOffset: Int8Array | null = null,
    hints: MotionHints = [null, null],
  ): Promise<EncodedPicture> {
    const geometry = this.#geometry;
    let header: FrameHeader = {
      ...wanted,
      hasLoopFilter: false,
      hasQOffsets: qOffset?.some((value) => value !== 0) === true,
    };
    this.#source.writeVisible(planes, geometry.width, geometry.height);
    if (header.kind === 'key') this.#slots.clear();
    let tokens = this.#decide(header, qOffset, hints);
    if (header.kind === 'key') {
      // The statistics of this scene are not known yet: count them, then decide again.
      this.#decision.learn({ header, commit: false });
      tokens = this.#decide(header, qOffset, hints);
    }
    const unfiltered = this.#work.read();
    const source = this.#source.read();
    const loop = await this.#filter(header, tokens, source, unfiltered);
    header = { ...header, hasLoopFilter: tokens.filtered.includes(1) };
    this.#decision.learn({ header, commit: true });
    if (header.refreshSlot !== null) this.#slots.fill(header.refreshSlot, loop);
    return { header, tokens: tokens.copy(), unfiltered, loop, source };
  }

  /** Makes the loop picture: filters the regions with new content if the filter brings them closer to the source. */
  async #filter(header: FrameHeader, tokens: FrameTokens, source: Planes, unfiltered: Planes): Promise<Planes> {
    const geometry = this.#geometry;
    if (this.#loopFilter === null) return this.#work.read();
    const changed = new Set<number>();
    tokens.type.forEach((type, at) => {
      const row = Math.floor(at / geometry.columns);
      if (type !== SKIP) changed.add(geometry.regionOf(row, at % geometry.columns));
    });
    await this.#loopFilter.filter(this.#work, this.#filtered, sidePlanes(header, tokens), [...changed]);
    const loop = this.#filtered.read();
    for (const region of changed) {
      const before = regionError(geometry, region, source, unfiltered);
      if (regionError(geometry, region, source, loop) < before) tokens.filtered[region] = 1;
      else copyRegion(geometry, region, unfiltered, loop);
    }
    return loop;
  }

  #decide(header: FrameHeader, qOffset: Int8Array | null, hints: MotionHints): FrameTokens {
    const planesOf = (slot: number | null): PicturePlanes | null => this.#slots.get(slot)?.planes ?? null;
    const job: DecisionJob = {
      ...{ header, source: this.#source.planes, target: this.#work.planes, hints },
      references: [planesOf(header.referenceSlot0), planesOf(header.referenceSlot1)],
    };
    return this.#decision.decide(job, qOffset);
  }
}
