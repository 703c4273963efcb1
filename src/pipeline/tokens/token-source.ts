import type { Packet } from '../../bitstream/packet.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';
import type { StreamWords, WordScene } from '../../bitstream/words.js';
import type { ArrayLayout, NamedArrays } from '../../codec/token-arrays.js';

/** A packet of a stream, with its tokens as arrays. */
export interface FrameRecord extends Omit<Packet, 'tokens'> {
  readonly type: 'frame';
  /** Number in coding order, from 0. */
  readonly number: number;
  /** Number of the chunk: a key frame and all frames that depend on it. */
  readonly chunk: number;
  /** Number within the chunk of the token grid that shows the packet's picture. */
  readonly tokenGrid: number;
  /** The tokens; null if the tokens of an earlier packet code the picture. */
  readonly arrays: NamedArrays | null;
}

/** A section of sound, subtitles, chapters or tags, unchanged from the stream. */
export interface TokenSide {
  readonly type: 'side';
  readonly bytes: Uint8Array;
}

/** What the words of the video have in common. Their scenes follow. */
export interface TokenWords extends Omit<StreamWords, 'scenes'> {
  readonly type: 'words';
}

/** The words of a scene. */
export interface TokenScene extends WordScene {
  readonly type: 'scene';
}

/** The last item. */
export interface TokenEnd {
  readonly type: 'end';
  /** The number of packets in the stream. */
  readonly frames: number;
  /** CRC-32C of the whole stream that the tokens were read from; null if there is none. */
  readonly crc32c: number | null;
}

/** An item after the header, in stream order. */
export type TokenItem = FrameRecord | TokenSide | TokenWords | TokenScene | TokenEnd;

/** The tokens of a stream and everything else in it. */
export interface TokenSource {
  /** The name for messages. */
  readonly name: string;
  /** The family of the model pack, which defines the tokens. */
  readonly family: string;
  readonly header: StreamHeader;
  /** The arrays of each frame that has tokens. */
  readonly layout: readonly ArrayLayout[];
  /** Can be iterated once; each item is produced when the caller asks for it. */
  readonly items: AsyncIterable<TokenItem>;
}
