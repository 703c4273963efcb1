import type { Kernels } from '../../kernels/kernels.js';
import type { Graph } from '../../model/graph.js';
import type { PackTables } from '../../model/pack-tables.js';
import type { Geometry } from '../frame-tokens.js';
import { LookAhead, type FrameCosts } from './look-ahead.js';
import { PictureEncoder, type EncodedPicture } from './picture-encoder.js';
import { propagateQuality } from './quality-propagation.js';

/** Frames that a decision looks ahead, at most. */
const LOOK_AHEAD_FRAMES = 40;
/** Bytes of waiting pictures, at most; large pictures look less far ahead. */
const LOOK_AHEAD_BYTES = 192 * 2 ** 20;
/** Luma filter of the pack that all frames use: the 8-tap one. */
const INTERPOLATION = 1;

/** How a sequence is to be encoded. */
export interface SequenceOptions {
  /** Base quality index, 0..63; frames that later ones depend on get more. */
  readonly quality: number;
  /** Frames from one key frame to the next at most, at least 1. */
  readonly keyint: number;
}

/** The visible planes of a frame. */
export interface VisiblePlanes {
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
}

interface Waiting {
  readonly planes: VisiblePlanes;
  readonly costs: FrameCosts;
}

/**
 * Encodes a sequence of pictures in display order with a look-ahead: decides key frames and the quality of each frame
 * and region, then its tokens.
 */
export class SequenceEncoder {
  readonly #geometry: Geometry;
  readonly #options: SequenceOptions;
  readonly #lookAhead: LookAhead;
  readonly #pictures: PictureEncoder;
  readonly #depth: number;
  readonly #waiting: Waiting[] = [];
  #sinceKey = Infinity;

  constructor(
    kernels: Kernels,
    geometry: Geometry,
    pack: PackTables,
    loopFilter: Graph | null,
    options: SequenceOptions,
  ) {
    this.#geometry = geometry;
    this.#options = options;
    this.#lookAhead = new LookAhead(kernels, geometry);
    this.#pictures = new PictureEncoder(kernels, geometry, pack, loopFilter);
    const frameBytes = geometry.codedWidth * geometry.codedHeight * 1.5;
    this.#depth = Math.max(2, Math.min(LOOK_AHEAD_FRAMES, Math.floor(LOOK_AHEAD_BYTES / frameBytes)));
  }

  /** Takes the next picture; its planes are kept until it is encoded. */
  push(planes: VisiblePlanes): void {
    this.#waiting.push({ planes, costs: this.#lookAhead.analyse(planes.y) });
  }

  /** True if the next picture can be encoded; at the end of the sequence (`isEnd`) as long as there is one. */
  isReady(isEnd: boolean): boolean {
    return this.#waiting.length >= (isEnd ? 1 : this.#depth);
  }

  /** Encodes the first of the waiting pictures. */
  async next(): Promise<EncodedPicture> {
    const first = this.#waiting[0]!;
    const isKey = this.#sinceKey >= this.#options.keyint || first.costs.isSceneCut;
    this.#sinceKey = isKey ? 1 : this.#sinceKey + 1;
    const gain = propagateQuality(this.#geometry, this.#dependants());
    const encoded = await this.#pictures.encode(
      first.planes,
      {
        kind: isKey ? 'key' : 'inter',
        q: Math.min(63, this.#options.quality + gain.frame),
        reference0: isKey ? null : 0,
        reference1: null,
        fills: 0,
        interpolation: INTERPOLATION,
      },
      gain.regions,
    );
    this.#waiting.shift();
    return encoded;
  }

  /** Costs of the next picture and of those after it up to the next key frame. */
  #dependants(): FrameCosts[] {
    const untilKey = this.#options.keyint - this.#sinceKey + 1;
    const costs = this.#waiting.slice(0, Math.max(1, untilKey)).map((frame) => frame.costs);
    const cut = costs.findIndex((frame, index) => index > 0 && frame.isSceneCut);
    return cut < 0 ? costs : costs.slice(0, cut);
  }
}
