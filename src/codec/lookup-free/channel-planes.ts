import { TOKEN_CHANNELS } from './bit-tables.js';
import type { CellGrid } from './cell-grid.js';

const NEGATIVE = 0;
const UNKNOWN = 64;
const POSITIVE = 128;

/** The channels of a token grid as the prior takes them, with a border of unknown cells around the picture. */
export class ChannelPlanes {
  readonly #columns: number;
  readonly #stride: number;
  /** [rows + 2, columns + 2, 18]. */
  readonly #bytes: Uint8Array;

  /** Makes all channels unknown. */
  constructor({ rows, columns }: CellGrid) {
    this.#columns = columns;
    this.#stride = columns + 2;
    this.#bytes = new Uint8Array((rows + 2) * this.#stride * TOKEN_CHANNELS).fill(UNKNOWN);
  }

  /** Makes the first `channels` bits of a cell known. */
  set(cell: number, id: number, channels: number): void {
    const to = this.#at(cell, 0, 0);
    for (let channel = 0; channel < channels; channel++) {
      this.#bytes[to + channel] = (id >>> channel) & 1 ? POSITIVE : NEGATIVE;
    }
  }

  /** Copies the 18 channels of the cell `dy` rows below and `dx` columns right of `cell`. */
  copy(cell: number, dy: number, dx: number, target: Uint8Array, to: number): void {
    const from = this.#at(cell, dy, dx);
    for (let channel = 0; channel < TOKEN_CHANNELS; channel++) target[to + channel] = this.#bytes[from + channel]!;
  }

  #at(cell: number, dy: number, dx: number): number {
    const row = Math.floor(cell / this.#columns);
    const column = cell - row * this.#columns;
    return ((row + 1 + dy) * this.#stride + column + 1 + dx) * TOKEN_CHANNELS;
  }
}
