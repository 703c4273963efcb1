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
  TokenRequest,
  TokenResponse,
  WorkerSetup,
} from './workers/messages.js';
import type { WorkerLink } from '../threads/worker-link.js';

/** The quality settings of a family. */
export interface QualityRange {
  /** Worst and best. */
  readonly min: number;
  readonly max: number;
  /** Where none is given. */
  readonly default: number;
  /** From worst to best over the useful range, for rate-distortion curves. */
  readonly ladder: readonly number[];
}

/** A pack and the video it is to work on. */
export interface CodecSetup extends WorkerSetup {
  readonly pack: ModelPack;
}

/** The workers of a pack for one video; its tables are read once for all of them. */
export interface FamilyWorkers {
  /** Pictures to tokens. */
  startEncoder(options: SequenceOptions): WorkerLink<EncoderRequest, EncoderResponse>;
  /** Tokens to bytes and back. */
  startTokenCodec(): WorkerLink<TokenRequest, TokenResponse>;
  /** Tokens to pictures. */
  startDecoder(): WorkerLink<DecoderRequest, DecoderResponse>;
  /** Decoded pictures to pictures to show. A filter has no memory, so pictures go to the workers in turn. */
  startPostFilters(graph: Uint8Array): readonly WorkerLink<PostFilterRequest, Planes>[];
}

/**
 * What a family of model packs is to encoder, decoder and token files: its workers, all with the same messages, the
 * arrays of its tokens, and what must be known without either.
 */
export interface CodecFamily {
  readonly quality: QualityRange;
  /** Whether the encoder can be tuned for a metric. */
  readonly canTune: boolean;
  /** Luma samples of a row of decoded planes. */
  codedWidth(width: number): number;
  /** Reference slots of a stream, and frames that a decoder holds back to show them in order. */
  structure(
    width: number,
    height: number,
    keyint: number,
  ): { readonly slotCount: number; readonly reorderDepth: number };
  /** Reads and checks the pack's tables. Throws ModelError. */
  open(setup: CodecSetup): FamilyWorkers;
  /**
   * The arrays of token files for pictures of this size, in luma samples. Reads and checks the pack's tables. Throws
   * ModelError.
   */
  openTokenArrays(pack: ModelPack, width: number, height: number): TokenArrayConverter;
}
