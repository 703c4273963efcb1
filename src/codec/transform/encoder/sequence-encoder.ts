import type { Kernels } from '../../../kernels/kernels.js';
import type { Network } from '../../../model/network.js';
import type { TimedPicture } from '../../planes.js';
import type { SequenceOptions } from '../../sequence-options.js';
import type { Geometry } from '../frame-tokens.js';
import type { PackTables } from '../pack-tables.js';
import type { DecisionHelpers } from './frame-decision.js';
import { PictureEncoder, type EncodedPicture } from './picture-encoder.js';
import { settingsOf } from './presets.js';
import { SequencePlanner } from './sequence-planner.js';

/** An encoded frame and its place in display order. */
export interface EncodedFrame extends EncodedPicture {
  /** Position in display order, from 0. */
  readonly display: number;
  /** The picture that was pushed, before any filter; the encoder needs it no more. */
  readonly picture: TimedPicture;
}

/** Encodes a sequence of pictures without planning ahead: plans a frame, then decides its tokens. */
export class SequenceEncoder {
  readonly #planner: SequencePlanner;
  readonly #pictures: PictureEncoder;

  /**
   * @param loopFilter the pack's graph, or null to leave all frames unfiltered.
   * @param helpers other threads that help, or null.
   */
  constructor(
    kernels: Kernels,
    geometry: Geometry,
    pack: PackTables,
    loopFilter: Network | null,
    options: SequenceOptions,
    helpers: DecisionHelpers | null = null,
  ) {
    this.#planner = new SequencePlanner(kernels, geometry, pack, options);
    const settings = settingsOf(options.tune, options.preset);
    this.#pictures = new PictureEncoder(kernels, geometry, pack, loopFilter, settings, helpers, options.isResilient);
  }

  /** Takes the next picture in display order; its planes are kept until it is encoded. */
  push(picture: TimedPicture): void {
    this.#planner.push(picture);
  }

  /** True if a picture can be encoded; at the end of the sequence (`isEnd`) as long as there is one. */
  isReady(isEnd: boolean): boolean {
    return this.#planner.isReady(isEnd);
  }

  /** Encodes the next picture in coding order; as {@link SequencePlanner.next}. */
  async next(quality?: number): Promise<EncodedFrame> {
    const { display, picture, source, header, qOffset, hints } = this.#planner.next(quality);
    return { display, picture, ...(await this.#pictures.encode(source, header, qOffset, hints)) };
  }
}
