import { InputError } from '../errors.js';
import type { FrameHeader } from './frame-header.js';
import type { FrameArrays } from './workers/messages.js';

/** Element types of token arrays, as numpy names them. */
export type TokenType = 'uint8' | 'int8' | 'int16' | 'uint32';

/** One array of tokens, row by row. */
export type TokenArray = Uint8Array | Int8Array | Int16Array | Uint32Array;

/** The arrays of one frame by their names. */
export type NamedArrays = Readonly<Record<string, TokenArray>>;

/** The type and shape of an array that every frame has. docs/TOKENS.md describes its contents. */
export interface ArrayLayout {
  readonly name: string;
  readonly dtype: TokenType;
  readonly shape: readonly number[];
}

/** The constructor of typed arrays for each element type. */
export const ARRAY_CLASSES = {
  uint8: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint32: Uint32Array,
} as const;

/**
 * Converts the tokens that workers exchange to the arrays of token files, and back. Use one instance for one stream.
 */
export interface TokenArrayConverter {
  /** All arrays that a packet can have. */
  readonly layout: readonly ArrayLayout[];
  /** Returns the arrays of a packet with this header; none if it shows a picture of earlier tokens. */
  layoutOf(header: FrameHeader): readonly ArrayLayout[];
  /** Returns the number of token grids of a packet with this header. */
  tokenGridsOf(header: FrameHeader): number;
  /** The arrays of a packet's tokens, as the layout names them. */
  arraysOf(tokens: FrameArrays): NamedArrays;
  /**
   * Makes tokens in their own buffers from arrays that {@link checkArrays} has accepted. Call it for frames in coding
   * order.
   *
   * @throws InputError if no stream can hold the values of the arrays.
   */
  tokensOf(header: FrameHeader, arrays: NamedArrays | null): FrameArrays;
}

/** Number of elements of an array. */
export function elementsOf({ shape }: ArrayLayout): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Returns the index in each dimension of the element at `at`, for messages. */
export function placeOf({ shape }: ArrayLayout, at: number): string {
  const indices: number[] = [];
  for (let rest = at, axis = shape.length - 1; axis >= 0; axis--) {
    indices.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return `[${indices.join(', ')}]`;
}

/**
 * Checks that the arrays match the layout, with its types and lengths.
 *
 * @param layout the layout of the packet; empty if it has no tokens.
 * @throws InputError if not.
 */
export function checkArrays(layout: readonly ArrayLayout[], arrays: NamedArrays | null): void {
  if (layout.length > 0 !== (arrays !== null)) {
    throw new InputError(`its arrays must ${arrays === null ? 'not be' : 'be'} null`);
  }
  if (arrays === null) return;
  for (const entry of layout) {
    const { name, dtype, shape } = entry;
    const array = arrays[name];
    if (array === undefined) throw new InputError(`the array ${name} is missing`);
    if (!(array instanceof ARRAY_CLASSES[dtype]) || array.length !== elementsOf(entry)) {
      throw new InputError(`${name} must be ${dtype} [${shape.join(', ')}]`);
    }
  }
  const surplus = Object.keys(arrays).find((name) => !layout.some((entry) => entry.name === name));
  if (surplus !== undefined) throw new InputError(`it must not have the array ${surplus}`);
}
