import { BitstreamError } from '../../errors.js';
import type { Kernels } from '../../kernels/kernels.js';
import type { Network } from '../../model/network.js';
import type { PackTables } from './pack-tables.js';
import { BlockReconstruction, type References } from './block-reconstruction.js';
import { visitBlocks } from './block-order.js';
import type { FrameHeader } from '../frame-header.js';
import { AVERAGE, blockQ, MOTION_LIMIT, type FrameTokens, type Geometry } from './frame-tokens.js';
import { KernelTables } from './kernel-tables.js';
import { sidePlanes } from './loop-filter.js';
import { Picture } from './picture.js';
import type { Planes } from '../planes.js';
import { ReferenceSlots } from './reference-slots.js';
import { regionFilterOf, type RegionFilter } from './region-filter.js';

/** Makes loop pictures from tokens (FORMAT.md section 10). Holds the reference slots. */
export class PictureDecoder {
  readonly #tables: KernelTables;
  readonly #blocks: BlockReconstruction;
  readonly #slots: ReferenceSlots;
  readonly #loopFilter: RegionFilter;
  readonly #work: Picture;
  readonly #filtered: Picture;

  constructor(kernels: Kernels, geometry: Geometry, pack: PackTables, loopFilter: Network) {
    this.#tables = new KernelTables(kernels, pack);
    this.#blocks = new BlockReconstruction(kernels, this.#tables);
    this.#slots = new ReferenceSlots(kernels, geometry);
    this.#loopFilter = regionFilterOf(kernels, geometry, loopFilter);
    this.#work = Picture.allocate(kernels, geometry);
    this.#filtered = Picture.allocate(kernels, geometry);
  }

  /**
   * Returns the loop picture of one frame, at coded size. Call it for frames in coding order.
   *
   * @throws BitstreamError if the header names an empty slot, or a filter that the pack does not have.
   */
  async decode(header: FrameHeader, tokens: FrameTokens): Promise<Planes> {
    const isKey = header.kind === 'key';
    if (!isKey && header.variant >= this.#tables.interpolation.length) {
      throw new BitstreamError('the pack has no such interpolation filter', { field: 'variant' });
    }
    if (isKey) this.#slots.clear();
    const references: References = {
      pictures: [this.#slots.get(header.referenceSlot0), this.#slots.get(header.referenceSlot1)],
      interpolation: isKey ? 0 : header.variant,
    };
    [header.referenceSlot0, header.referenceSlot1].forEach((slot, index) => {
      if (slot !== null) scaleMotion(tokens, index, this.#slots.motionScale(slot, header.pts));
    });
    visitBlocks(tokens, (row, column) => {
      const q = blockQ(tokens, header.q, row, column);
      this.#blocks.reconstruct(this.#work, tokens, q, row, column, references);
    });
    let loop = this.#work;
    if (header.hasLoopFilter) {
      const regions = Array.from(tokens.filtered.keys()).filter((region) => tokens.filtered[region] === 1);
      loop = this.#filtered;
      await this.#loopFilter.filter(this.#work, loop, sidePlanes(header, tokens), regions);
    }
    const planes = loop.read();
    if (header.refreshSlot !== null) this.#slots.copy(header.refreshSlot, loop, header.pts);
    return planes;
  }

  /**
   * Replaces the picture of a slot, which is lost, by the one that is shown closest to it. Vectors into this slot are then
   * scaled to the time of the picture that is there: motion is continued.
   *
   * @param pts the time of the frame that refers to it.
   * @param wanted the time of the lost frame; null if it is not known.
   */
  mend(slot: number, pts: bigint, wanted: bigint | null): void {
    this.#slots.mend(slot, pts, wanted);
  }
}

/** Scales all vectors of a reference index. */
function scaleMotion({ referenceIndex, motion }: FrameTokens, index: number, scale: number): void {
  if (scale === 1) return;
  referenceIndex.forEach((used, at) => {
    if (used !== index && used !== AVERAGE) return;
    for (let component = 4 * at + 2 * index; component < 4 * at + 2 * index + 2; component++) {
      const value = Math.round(motion[component]! * scale);
      motion[component] = Math.max(-MOTION_LIMIT, Math.min(MOTION_LIMIT - 1, value));
    }
  });
}
