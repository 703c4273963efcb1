import type { Device } from '../../model/graph.js';
import type { TimedPicture } from '../planes.js';
import type { FrameHeader } from '../frame-header.js';
import type { Planes } from '../planes.js';

/**
 * What the workers of all families are asked and answer. Tokens pass through encoder and decoder unseen: the family of
 * the model pack decides which arrays they are.
 */
export type FrameArrays = Readonly<Record<string, Uint8Array | Int8Array | Int16Array | Uint32Array>>;

/** The setup that all workers of a codec share. */
export interface WorkerSetup {
  /** Luma samples of a visible picture. */
  readonly width: number;
  readonly height: number;
  readonly device: Device;
  /** Threads of each graph. */
  readonly threads: number;
}

/** The next picture in display order, or null at the end: asks for one more encoded frame. */
export interface EncoderRequest {
  readonly picture: TimedPicture | null;
}

/** An encoded frame, or null if there is none yet (or, at the end, none left). */
export type EncoderResponse<Tokens = FrameArrays> = {
  /** Position in display order, from 0. */
  readonly display: number;
  readonly header: FrameHeader;
  readonly tokens: Tokens;
  /** Null if it has no tokens of its own. */
  readonly loopChecksum: number | null;
} | null;

/** Tokens to bytes, bytes to tokens, or the news that packets were lost. */
export type TokenRequest<Tokens = FrameArrays> =
  | { readonly kind: 'write'; readonly header: FrameHeader; readonly tokens: Tokens }
  | { readonly kind: 'read'; readonly header: FrameHeader; readonly bytes: Uint8Array }
  | { readonly kind: 'lost' };

/** The answer of the same kind; `lost` says why a frame cannot be read, from the damage to the next key frame. */
export type TokenResponse<Tokens = FrameArrays> =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'tokens'; readonly tokens: Tokens }
  | { readonly kind: 'lost'; readonly reason: string };

/** Tokens of one frame in coding order; the checksum its loop picture must have, if known. */
export interface DecoderRequest<Tokens = FrameArrays> {
  readonly header: FrameHeader;
  readonly tokens: Tokens;
  readonly checksum: number | null;
}

/** A decoded picture at coded size, and what a post-filter gets beside it (empty in families without one). */
export interface DecodedPicture {
  readonly planes: Planes;
  readonly side: Uint8Array<ArrayBuffer>;
}

/** A decoded picture that a post-filter is to improve; the answer is its {@link Planes}. */
export type PostFilterRequest = DecodedPicture;

/** The picture, or why it cannot be shown. */
export type DecoderResponse =
  ({ readonly kind: 'picture' } & DecodedPicture) | { readonly kind: 'lost'; readonly reason: string };

/** The buffers behind a frame's tokens, for handing them to another thread without a copy. */
export function tokenBuffers(arrays: FrameArrays): ArrayBuffer[] {
  return Object.values(arrays).map(({ buffer }) => buffer as ArrayBuffer);
}
