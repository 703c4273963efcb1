import type { Kernels, Pointer } from '../../src/kernels/kernels.js';
import { seededRandom } from '../entropy/random.js';
import type { Block } from './twins/block.js';

/** A plane that stands in kernel memory and, as the same bytes, in an array for the twins. */
export class SharedPlane {
  readonly data: Uint8Array;
  readonly #pointer: Pointer;

  constructor(
    readonly kernels: Kernels,
    readonly stride: number,
    readonly rows: number,
  ) {
    this.data = new Uint8Array(stride * rows);
    this.#pointer = kernels.allocate(this.data.length);
  }

  /** Fills both copies. */
  set(value: (i: number) => number): this {
    for (let i = 0; i < this.data.length; i++) this.data[i] = value(i);
    this.kernels.u8.set(this.data, this.#pointer);
    return this;
  }

  /** For the twins. */
  block(row: number, column: number): Block {
    return { data: this.data, at: row * this.stride + column, stride: this.stride };
  }

  /** For the kernels. */
  at(row: number, column: number): Pointer {
    return this.#pointer + row * this.stride + column;
  }

  /** The plane as the kernels left it. */
  now(): Uint8Array {
    return this.kernels.u8.slice(this.#pointer, this.#pointer + this.data.length);
  }

  /** What the plane must be once a packed block has been written to it, and nothing else. */
  with(row: number, column: number, width: number, block: Uint8Array): Uint8Array {
    const result = this.data.slice();
    for (let y = 0; y * width < block.length; y++) {
      result.set(block.subarray(y * width, (y + 1) * width), (row + y) * this.stride + column);
    }
    return result;
  }
}

/** Ways to fill a plane: noise, only the extremes, all of one extreme, nearly flat. */
export const TEXTURES = ['noise', 'extremes', 'black', 'white', 'flat'] as const;
export type Texture = (typeof TEXTURES)[number];

export function texture(kind: Texture, seed: number): () => number {
  const random = seededRandom(seed + 1);
  switch (kind) {
    case 'noise':
      return () => Math.floor(random() * 256);
    case 'extremes':
      return () => (random() < 0.5 ? 0 : 255);
    case 'black':
      return () => 0;
    case 'white':
      return () => 255;
    case 'flat':
      return () => 100 + Math.floor(random() * 3);
  }
}

/** A whole number in `low..high`. */
export function integer(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}
