import type { FrameHead } from '../../codec/frame-head.js';
import type { FrameArrays } from '../../codec/workers/messages.js';
import { InputError } from '../../errors.js';
import { ARRAY_CLASSES, elementsOf, type ArrayLayout, type NamedArrays } from './token-source.js';

/** How the tokens of one family of model packs become arrays, and arrays tokens again. One serves one stream. */
export interface TokenFamily {
  /** As packs and token files name it. */
  readonly name: string;
  /** All arrays that a packet's tokens can be. */
  readonly layout: readonly ArrayLayout[];
  /** Those that they are in such a packet; none if it shows a picture of the tokens before. */
  layoutOf(head: FrameHead): readonly ArrayLayout[];
  /** Token frames of such a packet. */
  tokenFramesOf(head: FrameHead): number;
  /** The arrays of a packet's tokens, as the layout names them. */
  arraysOf(tokens: FrameArrays): NamedArrays;
  /**
   * Tokens in buffers of their own, of arrays that {@link checkArrays} has passed. Frames come in coding order.
   *
   * @throws InputError if the arrays hold what no stream can.
   */
  tokensOf(head: FrameHead, arrays: NamedArrays | null): FrameArrays;
}

/**
 * Checks that those arrays are there that such a packet has, with the types and lengths of the layout.
 *
 * @throws InputError if not.
 */
export function checkArrays(family: TokenFamily, head: FrameHead, arrays: NamedArrays | null): void {
  const layout = family.layoutOf(head);
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
