import { AdaptiveTables, type SavedTables } from '../../entropy/adaptive-tables.js';
import type { SymbolCoder } from '../../entropy/symbol-coder.js';
import { BIT_LEVELS, TOKEN_CHANNELS, type BitTables } from './bit-tables.js';
import type { Graph } from '../../model/graph.js';
import { bitLogits, type BitContext } from './bit-prior.js';
import type { CellGrid } from './cell-grid.js';
import { ChannelPlanes } from './channel-planes.js';

/** Shift of each step of adaptation. */
const ADAPTATION_RATE = 7;
/** Logit values of one level. */
const LEVEL_SHIFT = 2;
/** The number of a token grid that is neither the first nor the second one of a chunk, for the prior. */
const LATER = 2;

/**
 * What the probabilities of a token grid depend on: all token grids of the chunk so far; or, in resilient streams, on the
 * key packet and the token grid before, or on the key packet alone.
 */
export type GridContext = 'chunk' | 'before' | 'key';

/**
 * The bits of token grids, one by one with their probability tables (FORMAT.md section 13): the same code writes, reads
 * and chooses them. Holds the adapted tables and the two previous token grids.
 */
export class TokenGridCoder {
  readonly #grid: CellGrid;
  readonly #prior: Pick<Graph, 'run'>;
  readonly #channelWeights: Int8Array;
  readonly #tables: AdaptiveTables;
  #before: ChannelPlanes;
  #older: ChannelPlanes;
  /** The number of token grids of the chunk so far. */
  #tokenGrids = 0;
  /** The tables after the key packet, if another context than the chunk was in use since then. */
  #afterKey: SavedTables | null = null;

  /** @param prior the exact graph. */
  constructor(grid: CellGrid, { channelWeights, bitTables }: BitTables, prior: Pick<Graph, 'run'>) {
    this.#grid = grid;
    this.#prior = prior;
    this.#channelWeights = channelWeights;
    this.#tables = new AdaptiveTables(bitTables, 2, { rate: ADAPTATION_RATE });
    this.#before = this.#older = new ChannelPlanes(grid);
  }

  /** Starts a chunk. */
  restart(): void {
    this.#tables.reset();
    this.#afterKey = null;
    this.#before = this.#older = new ChannelPlanes(this.#grid);
    this.#tokenGrids = 0;
  }

  /**
   * Codes the next token grid.
   *
   * @param coder takes each bit with its table and returns the value of the bit.
   * @param channels in use, 1..18.
   * @param wanted the values that `coder` gets for the bits.
   * @param context `chunk` in key packets.
   * @returns ids [rows, columns].
   */
  async code(
    coder: Pick<SymbolCoder, 'symbol'>,
    channels: number,
    wanted: (cell: number, channel: number) => number,
    context: GridContext = 'chunk',
  ): Promise<Uint32Array<ArrayBuffer>> {
    if (context !== 'chunk') this.#backToKey();
    const ids = new Uint32Array(this.#grid.cells);
    const current = new ChannelPlanes(this.#grid);
    const frame = { channels, current, ...this.#known(context) };
    for (const [pass, cells] of this.#grid.passes.entries()) {
      if (cells.length === 0) continue;
      const known: BitContext = { ...frame, pass };
      const logits = await bitLogits(this.#prior, known, cells);
      cells.forEach((cell, row) => {
        let id = 0;
        for (let channel = 0; channel < channels; channel++) {
          const level = this.#level(logits[row * TOKEN_CHANNELS + channel]!, channel, id);
          id |= coder.symbol(this.#tables, channel * BIT_LEVELS + level, wanted(cell, channel)) << channel;
        }
        ids[cell] = id;
        current.set(cell, id, channels);
      });
    }
    this.#older = this.#before;
    this.#before = current;
    this.#tokenGrids++;
    return ids;
  }

  #backToKey(): void {
    if (this.#afterKey === null) this.#afterKey = this.#tables.save();
    else this.#tables.restore(this.#afterKey);
  }

  #known(context: GridContext): Pick<BitContext, 'tokenGrid' | 'before' | 'older'> {
    if (context === 'chunk') return { tokenGrid: this.#tokenGrids, before: this.#before, older: this.#older };
    const nothing = new ChannelPlanes(this.#grid);
    return { tokenGrid: LATER, before: context === 'before' ? this.#before : nothing, older: nothing };
  }

  /** Returns the certainty level of a channel after the earlier channels are known: `id` holds their bits. */
  #level(logit: number, channel: number, id: number): number {
    const weights = this.#channelWeights;
    let sum = logit;
    for (let earlier = 0, w = channel * TOKEN_CHANNELS; earlier < channel; earlier++, w++) {
      sum += (id >>> earlier) & 1 ? weights[w]! : -weights[w]!;
    }
    return Math.max(0, Math.min(255, sum)) >> LEVEL_SHIFT;
  }
}
