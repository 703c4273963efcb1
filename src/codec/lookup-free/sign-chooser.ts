import type { AdaptiveTables } from '../../entropy/adaptive-tables.js';
import type { SymbolCoder } from '../../entropy/symbol-coder.js';
import type { BitTables } from './bit-tables.js';
import type { Graph } from '../../model/graph.js';
import type { CellGrid } from './cell-grid.js';
import { TokenGridCoder } from './token-grid-coder.js';
import type { Evidence } from './tokenizer.js';

/** Takes evidence as values and gives back the sign that it and the table together speak for. */
const chooser: Pick<SymbolCoder, 'symbol'> = {
  symbol: (tables: AdaptiveTables, table: number, evidence: number): number => {
    const expected = (tables.cost(table, 0) - tables.cost(table, 1)) * Math.LN2;
    const bit = (evidence - NOTHING) / NAT_STEPS + expected > 0 ? 1 : 0;
    tables.adapt(table, bit);
    return bit;
  },
};

/** Steps of evidence in a nat, and where it speaks for neither sign. */
const NAT_STEPS = 8;
const NOTHING = 127.5;

/**
 * Chooses tokens by what their bits cost and what they are worth: a channel near zero takes the sign that the prior
 * expects. This is rate-distortion optimised quantisation (Sullivan and Wiegand 1998) of signs.
 */
export class SignChooser {
  readonly #coder: TokenGridCoder;
  readonly #cells: number;

  /** @param prior the exact graph. */
  constructor(grid: CellGrid, tables: BitTables, prior: Pick<Graph, 'run'>) {
    this.#coder = new TokenGridCoder(grid, tables, prior);
    this.#cells = grid.cells;
  }

  /** Begins a chunk. */
  restart(): void {
    this.#coder.restart();
  }

  /** Ids [rows, columns] of the next token grid. */
  choose(evidence: Evidence, channels: number): Promise<Uint32Array<ArrayBuffer>> {
    return this.#coder.code(chooser, channels, (cell, channel) => evidence[channel * this.#cells + cell]!);
  }
}
