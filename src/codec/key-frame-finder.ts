import { loadPack } from '../model/pack.js';
import type { Frame } from '../video/frame.js';
import type { WorkerLink } from '../threads/worker-link.js';
import { DEFAULT_PACK, sequenceOptions, type EncoderOptions } from './encoder.js';
import { findFamily } from './find-family.js';
import type { SurveyRequest } from './workers/messages.js';

/**
 * Finds the frames that an `Encoder` makes key frames, without encoding. The frames from one to the next are a chunk. If
 * {@link hasEqualChunks}, an encoder with `isChunk` makes the same packets of a chunk alone as an encoder makes of the
 * whole video.
 */
export class KeyFrameFinder implements AsyncDisposable {
  readonly hasEqualChunks: boolean;
  readonly #survey: WorkerLink<SurveyRequest, boolean>;

  private constructor(hasEqualChunks: boolean, survey: WorkerLink<SurveyRequest, boolean>) {
    this.hasEqualChunks = hasEqualChunks;
    this.#survey = survey;
  }

  /**
   * Makes a finder for pictures of `width` x `height` luma samples.
   *
   * @param options those of the encoder; key frames depend on `keyint`, `tune` and `preset`.
   * @throws InputError if an option is out of range; ModelError.
   */
  static async create(width: number, height: number, options: EncoderOptions = {}): Promise<KeyFrameFinder> {
    const pack = await loadPack(options.pack ?? DEFAULT_PACK);
    const family = findFamily(pack);
    const workers = family.open({ pack, width, height, device: 'cpu', threads: 1 });
    return new KeyFrameFinder(family.hasEqualChunks, workers.startSurvey(sequenceOptions(pack, options)));
  }

  /** Returns whether the next frame in display order is a key frame. */
  isKey({ y }: Pick<Frame, 'y'>): Promise<boolean> {
    // A message would take the whole buffer behind the plane.
    const copy = new Uint8Array(y);
    return this.#survey.call({ y: copy }, [copy.buffer]);
  }

  /** Ends the worker. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#survey[Symbol.asyncDispose]();
  }
}
