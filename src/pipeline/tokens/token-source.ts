import type { Packet } from '../../bitstream/packet.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';
import type { ArrayLayout, NamedArrays } from '../../codec/token-arrays.js';

/** A packet of a stream, with its tokens as arrays. */
export interface FrameRecord extends Omit<Packet, 'tokens'> {
  readonly type: 'frame';
  /** Number in coding order, from 0. */
  readonly number: number;
  /** Number of the chunk: a key frame and all that depend on it. */
  readonly chunk: number;
  /** Number within the chunk of the token grid that shows the packet's picture. */
  readonly tokenGrid: number;
  /** The tokens; null if the picture is shown by those of a packet before it. */
  readonly arrays: NamedArrays | null;
}

/** A section of sound, subtitles, chapters or tags, as it stands in the stream. */
export interface TokenSide {
  readonly type: 'side';
  readonly bytes: Uint8Array;
}

/** Behind all else. */
export interface TokenEnd {
  readonly type: 'end';
  /** Packets that the stream has. */
  readonly frames: number;
  /** CRC-32C of the whole stream that the tokens were read from; null if there is none. */
  readonly crc32c: number | null;
}

/** An item behind the header, in stream order. */
export type TokenItem = FrameRecord | TokenSide | TokenEnd;

/** The tokens of a stream and all else that it is made of. */
export interface TokenSource {
  /** The name for messages. */
  readonly name: string;
  /** Family of the model pack, which decides what tokens are. */
  readonly family: string;
  readonly header: StreamHeader;
  /** The arrays of each frame that has tokens. */
  readonly layout: readonly ArrayLayout[];
  /** Can be iterated once; what is behind is produced as it is asked for. */
  readonly items: AsyncIterable<TokenItem>;
}
