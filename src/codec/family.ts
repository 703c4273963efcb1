import type { ModelPack } from '../model/pack.js';
import type { Planes } from './planes.js';
import type { SequenceOptions } from './sequence-options.js';
import type { TokenArrayConverter } from './token-arrays.js';
import type {
  DecoderRequest,
  DecoderResponse,
  EncoderRequest,
  EncoderResponse,
  PostFilterRequest,
  SurveyRequest,
  TokenRequest,
  TokenResponse,
  WorkerSetup,
} from './workers/messages.js';
import type { Link, WorkerLink } from '../threads/worker-link.js';

/** The quality settings of a family. */
export interface QualityRange {
  /** The worst and the best quality. */
  readonly min: number;
  readonly max: number;
  /** The default quality. */
  readonly default: number;
  /** From worst to best over the useful range, for rate-distortion curves. */
  readonly ladder: readonly number[];
  /** Returns roughly how many bits per luma sample a video of this quality needs: increasing, above 0. */
  readonly bits: (quality: number) => number;
}

/** A pack and the size of the video to code with it. */
export interface CodecSetup extends WorkerSetup {
  readonly pack: ModelPack;
}

/** The workers of a pack for one video. The tables of the pack are read once for all workers. */
export interface FamilyWorkers {
  /** Finds the key frames that an encoder makes. */
  startSurvey(options: SequenceOptions): WorkerLink<SurveyRequest, boolean>;
  /** Pictures to tokens. */
  startEncoder(options: SequenceOptions): Link<EncoderRequest, EncoderResponse>;
  /** Tokens to bytes and back. */
  startTokenCodec(): WorkerLink<TokenRequest, TokenResponse>;
  /** Tokens to pictures. */
  startDecoder(): WorkerLink<DecoderRequest, DecoderResponse>;
  /** Decoded pictures to shown pictures. A post-filter keeps no state, so several workers take pictures in turn. */
  startPostFilters(graph: Uint8Array): readonly WorkerLink<PostFilterRequest, Planes>[];
}

/**
 * The interface of a family of model packs for encoder, decoder and token files. It gives the workers of the family,
 * the arrays of its tokens, and its constant properties. The workers of all families use the same messages.
 */
export interface CodecFamily {
  readonly quality: QualityRange;
  /** True if the encoder supports `tune` and `preset`. */
  readonly canTune: boolean;
  /** True if chunks (from key frame to key frame) coded apart are the same packets as coded in one run. */
  readonly hasEqualChunks: boolean;
  /** Luma samples of a row of decoded planes. */
  codedWidth(width: number): number;
  /** The number of reference slots of a stream, and of frames that a decoder holds back to show them in order. */
  structure(
    width: number,
    height: number,
    options: SequenceOptions,
  ): { readonly slotCount: number; readonly reorderDepth: number };
  /** Reads and checks the pack's tables. Throws ModelError. */
  open(setup: CodecSetup): FamilyWorkers;
  /**
   * The arrays of token files for pictures of this size, in luma samples. Reads and checks the pack's tables. Throws
   * ModelError.
   *
   * @param isResilient whether the stream is resilient. Default: false.
   */
  openTokenArrays(pack: ModelPack, width: number, height: number, isResilient?: boolean): TokenArrayConverter;
}
