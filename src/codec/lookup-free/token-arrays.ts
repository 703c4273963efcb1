import type { FrameHeader } from '../frame-header.js';
import type { CellGrid } from './cell-grid.js';
import { tokenGridsOf, type CellTokens } from './cell-tokens.js';
import type { FrameArrays } from '../workers/messages.js';
import { InputError } from '../../errors.js';
import { TOKEN_CHANNELS } from './bit-tables.js';
import { placeOf, type ArrayLayout, type NamedArrays, type TokenArrayConverter } from '../token-arrays.js';

/** One id for each cell of a token grid; an array for each token grid of a packet. */
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

  layoutOf(header: FrameHeader): readonly ArrayLayout[] {
    return this.layout.slice(0, tokenGridsOf(header));
  }

  tokenGridsOf(header: FrameHeader): number {
    return tokenGridsOf(header);
  }

  arraysOf(tokens: FrameArrays): NamedArrays {
    const { ids } = tokens as CellTokens;
    const first = (frame: number): number => frame * this.#cells;
    const found = this.layout.slice(0, ids.length / this.#cells);
    return Object.fromEntries(found.map(({ name }, frame) => [name, ids.slice(first(frame), first(frame + 1))]));
  }

  tokensOf(header: FrameHeader, arrays: NamedArrays | null): FrameArrays {
    const { q } = header;
    if (q < 1 || q > TOKEN_CHANNELS) throw new InputError(`q is ${q}; tokens have 1..${TOKEN_CHANNELS} channels`);
    const layout = this.layoutOf(header);
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
