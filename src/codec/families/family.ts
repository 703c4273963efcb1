import type { Device } from '../../model/graph.js';
import type { ModelPack } from '../../model/pack.js';
import type { SequenceOptions } from '../encoder/sequence-encoder.js';
import type {
  DecoderRequest,
  DecoderResponse,
  EncoderRequest,
  EncoderResponse,
  TokenRequest,
  TokenResponse,
} from '../workers/messages.js';
import type { WorkerLink } from '../workers/worker-link.js';

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
export interface CodecSetup {
  readonly pack: ModelPack;
  /** Luma samples of a visible picture. */
  readonly width: number;
  readonly height: number;
  readonly device: Device;
  /** Threads of each graph. */
  readonly threads: number;
}

/**
 * What a family of model packs is to encoder, decoder and token files: its workers, all with the same messages, and what
 * must be known without them.
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
  /** Pictures to tokens. */
  startEncoder(setup: CodecSetup, options: SequenceOptions): WorkerLink<EncoderRequest, EncoderResponse>;
  /** Tokens to bytes and back. */
  startTokenCodec(setup: CodecSetup): WorkerLink<TokenRequest, TokenResponse>;
  /** Tokens to pictures. */
  startDecoder(setup: CodecSetup): WorkerLink<DecoderRequest, DecoderResponse>;
}
