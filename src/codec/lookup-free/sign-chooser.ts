import type { AdaptiveTables } from '../../entropy/adaptive-tables.js';
import type { SymbolCoder } from '../../entropy/symbol-coder.js';
import type { BitTables } from './bit-tables.js';
import type { Graph } from '../../model/graph.js';
import type { CellGrid } from './cell-grid.js';
import { TokenGridCoder, type GridContext } from './token-grid-coder.js';
import type { Evidence } from './tokenizer.js';

/** Takes evidence as values and returns the sign that evidence and table together favour. */
const chooser: Pick<SymbolCoder, 'symbol'> = {
  symbol: (tables: AdaptiveTables, table: number, evidence: number): number => {
    const expected = (tables.cost(table, 0) - tables.cost(table, 1)) * Math.LN2;
    const bit = (evidence - NOTHING) / NAT_STEPS + expected > 0 ? 1 : 0;
    tables.adapt(table, bit);
    return bit;
  },
};

/** The number of evidence steps per nat, and the value that favours neither sign. */
const NAT_STEPS = 8;
const NOTHING = 127.5;

/**
 * Chooses tokens by the cost of their bits and their value for the picture. A channel near zero takes the sign that the
 * prior expects. This is rate-distortion optimised quantisation (Sullivan and Wiegand 1998) of signs.
 */
export class SignChooser {
  readonly #coder: TokenGridCoder;
  readonly #cells: number;

  /** @param prior the exact graph. */
  constructor(grid: CellGrid, tables: BitTables, prior: Pick<Graph, 'run'>) {
    this.#coder = new TokenGridCoder(grid, tables, prior);
    this.#cells = grid.cells;
  }

  /** Starts a chunk. */
  restart(): void {
    this.#coder.restart();
  }

  /** Returns the ids [rows, columns] of the next token grid. */
  choose(evidence: Evidence, channels: number, context?: GridContext): Promise<Uint32Array<ArrayBuffer>> {
    return this.#coder.code(chooser, channels, (cell, channel) => evidence[channel * this.#cells + cell]!, context);
  }
}
