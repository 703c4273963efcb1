import type { Packet } from '../../bitstream/packet.js';
import type { StreamHeader } from '../../bitstream/stream-header.js';

/** Element types of token arrays, as numpy names them. */
export type TokenType = 'uint8' | 'int8' | 'int16' | 'uint32';

/** One array of tokens, row by row. */
export type TokenArray = Uint8Array | Int8Array | Int16Array | Uint32Array;

/** The arrays of one frame by their names. */
export type NamedArrays = Readonly<Record<string, TokenArray>>;

/** What an array of every frame is like; docs/TOKENS.md says what it means. */
export interface ArrayLayout {
  readonly name: string;
  readonly dtype: TokenType;
  readonly shape: readonly number[];
}

/** A packet of a stream, with its tokens as arrays. */
export interface TokenFrame extends Omit<Packet, 'tokens'> {
  readonly type: 'frame';
  /** Number in coding order, from 0. */
  readonly number: number;
  /** Number of the chunk: a key frame and all that depend on it. */
  readonly chunk: number;
  /** Number within the chunk of the token frame that shows the packet's picture. */
  readonly tokenFrame: number;
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

/** What stands behind the header, in the order of the stream. */
export type TokenItem = TokenFrame | TokenSide | TokenEnd;

/** The tokens of a stream and all else that it is made of. */
export interface TokenSource {
  /** What messages call it. */
  readonly name: string;
  /** Family of the model pack, which decides what tokens are. */
  readonly family: string;
  readonly header: StreamHeader;
  /** The arrays of each frame that has tokens. */
  readonly layout: readonly ArrayLayout[];
  /** Can be iterated once; what is behind is produced as it is asked for. */
  readonly items: AsyncIterable<TokenItem>;
}

/** Elements of an array. */
export function elementsOf({ shape }: ArrayLayout): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Index in each dimension of the element at `at`, for messages. */
export function placeOf({ shape }: ArrayLayout, at: number): string {
  const indices: number[] = [];
  for (let rest = at, axis = shape.length - 1; axis >= 0; axis--) {
    indices.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return `[${indices.join(', ')}]`;
}

/** How typed arrays of each element type are made. */
export const ARRAY_CLASSES = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint32: Uint32Array,
} as const;
