import type { FrameHead } from '../frame-head.js';
import type { CellGrid } from './cell-grid.js';
import { tokenFramesOf, type CellTokens } from './cell-tokens.js';
import type { FrameArrays } from '../workers/messages.js';
import { InputError } from '../../errors.js';
import { TOKEN_CHANNELS } from './bit-tables.js';
import { placeOf, type ArrayLayout, type NamedArrays, type TokenArrayConverter } from '../token-arrays.js';

/** One id for each cell of a token frame; an array for each token frame of a packet. */
export class CellTokenArrays implements TokenArrayConverter {
  readonly layout: readonly ArrayLayout[];
  readonly #cells: number;

  constructor({ rows, columns, cells }: CellGrid) {
    const grid = { dtype: 'uint32', shape: [rows, columns] } as const;
    this.layout = [
      { name: 'ids', ...grid },
      { name: 'refinement', ...grid },
    ];
    this.#cells = cells;
  }

  layoutOf(head: FrameHead): readonly ArrayLayout[] {
    return this.layout.slice(0, tokenFramesOf(head));
  }

  tokenFramesOf(head: FrameHead): number {
    return tokenFramesOf(head);
  }

  arraysOf(tokens: FrameArrays): NamedArrays {
    const { ids } = tokens as CellTokens;
    const first = (frame: number): number => frame * this.#cells;
    const found = this.layout.slice(0, ids.length / this.#cells);
    return Object.fromEntries(found.map(({ name }, frame) => [name, ids.slice(first(frame), first(frame + 1))]));
  }

  tokensOf(head: FrameHead, arrays: NamedArrays | null): FrameArrays {
    const { q } = head;
    if (q < 1 || q > TOKEN_CHANNELS) throw new InputError(`q is ${q}; tokens have 1..${TOKEN_CHANNELS} channels`);
    const layout = this.layoutOf(head);
    const ids = new Uint32Array(layout.length * this.#cells);
    for (const [frame, entry] of layout.entries()) {
      const array = arrays![entry.name]!;
      const at = array.findIndex((id) => id >= 2 ** q);
      if (at >= 0) {
        throw new InputError(
          `${entry.name}${placeOf(entry, at)} is ${array[at]!}; with q ${q} it must be 0..${2 ** q - 1}`,
        );
      }
      ids.set(array, frame * this.#cells);
    }
    return { ids };
  }
}
