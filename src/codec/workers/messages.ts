import type { Device } from '../../model/graph.js';
import type { FrameHeader } from '../frame-header.js';
import type { Planes, TimedPicture, VisiblePlanes } from '../planes.js';

/**
 * Requests and answers of the workers of all families. Encoder and decoder pass tokens on without reading them. The
 * family of the model pack defines the arrays of the tokens.
 */
export type FrameArrays = Readonly<Record<string, Uint8Array | Int8Array | Int16Array | Uint32Array>>;

/** The setup that all workers of a codec share. */
export interface WorkerSetup {
  /** Luma samples of a visible picture. */
  readonly width: number;
  readonly height: number;
  readonly device: Device;
  /** Threads of each graph in onnxruntime. */
  readonly threads: number;
  /** Whether the stream is resilient (FORMAT.md section 7). Default: false. */
  readonly isResilient?: boolean | undefined;
}

/** What an encoder is asked for. */
export type EncoderRequest =
  | {
      readonly kind: 'frame';
      /** The next picture in display order, or null at the end: asks for one more encoded frame. */
      readonly picture: TimedPicture | null;
      /** The quality of the frame that the answer holds, which may have a fraction; null: that of the sequence. */
      readonly quality: number | null;
    }
  /** The next picture begins another sequence; those that wait are dropped. The answer is null. */
  | { readonly kind: 'restart'; readonly quality: number };

/** The luma of the next picture in display order; the answer tells whether an encoder makes it a key frame. */
export interface SurveyRequest {
  readonly y: Uint8Array<ArrayBuffer>;
}

/** An encoded frame. */
export interface EncodedTokens<Tokens = FrameArrays> {
  /** Position in display order, from 0. */
  readonly display: number;
  readonly header: FrameHeader;
  readonly tokens: Tokens;
  /** Null if the packet has no tokens. */
  readonly loopChecksum: number | null;
  /** What the encoder could not do on this machine, the same for all frames. */
  readonly note?: string | undefined;
  /** A picture of a request, handed back, whose memory may be used again. */
  readonly spent?: VisiblePlanes | undefined;
}

/** An encoded frame, or null if there is none yet (or, at the end, none left). */
export type EncoderResponse<Tokens = FrameArrays> = EncodedTokens<Tokens> | null;

/** Tokens to bytes, bytes to tokens, or a notice that packets were lost. */
export type TokenRequest<Tokens = FrameArrays> =
  | { readonly kind: 'write'; readonly header: FrameHeader; readonly tokens: Tokens }
  | {
      readonly kind: 'read';
      readonly header: FrameHeader;
      readonly bytes: Uint8Array;
      /** Tokens of an earlier frame, handed over, whose memory may be used again. */
      readonly spare?: Tokens | undefined;
    }
  | { readonly kind: 'lost' };

/**
 * The answer of the same kind; `lost` is the reason why a frame cannot be read: from the damage to the next key frame, in
 * resilient streams the frame alone. `marks` are those of the packet; only packets of resilient streams have some.
 */
export type TokenResponse<Tokens = FrameArrays> =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'tokens'; readonly tokens: Tokens; readonly marks: readonly number[] }
  | { readonly kind: 'lost'; readonly reason: string };

/** Tokens of one frame in coding order. */
export interface DecoderRequest<Tokens = FrameArrays> {
  readonly header: FrameHeader;
  readonly tokens: Tokens;
  /** In resilient streams, the marks of the frames that it refers to; else none. */
  readonly marks: readonly number[];
  /** The checksum that its loop picture must have, if known. */
  readonly checksum: number | null;
  /** Planes of an earlier picture, handed over, whose memory may be used again. */
  readonly spare?: Planes | undefined;
}

/** A decoded picture at coded size, and what post-filters need to know of it. */
export interface DecodedPicture {
  readonly planes: Planes;
  /** Side input of the post-filter; empty in families without one. */
  readonly side: Uint8Array<ArrayBuffer>;
  /** How much of a post-filter's change is taken away, 0..3 (FORMAT.md section 12). */
  readonly attenuation: number;
}

/** A decoded picture for the post-filter; the answer is its {@link Planes}. */
export type PostFilterRequest = DecodedPicture;

/** The picture, or the reason why it cannot be shown. A picture is damaged if it depends on a frame that was lost. */
export type DecoderResponse<Tokens = FrameArrays> =
  | ({
      readonly kind: 'picture';
      readonly isDamaged: boolean;
      /** The tokens of the request, handed back. */
      readonly spent: Tokens;
    } & DecodedPicture)
  | { readonly kind: 'lost'; readonly reason: string };

/** The buffers behind a frame's tokens, each once, for handing them to another thread without a copy. */
export function tokenBuffers(arrays: FrameArrays): ArrayBuffer[] {
  return [...new Set(Object.values(arrays).map(({ buffer }) => buffer as ArrayBuffer))];
}
