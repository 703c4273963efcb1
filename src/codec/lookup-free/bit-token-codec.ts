import { AdaptiveTables } from '../../entropy/adaptive-tables.js';
import { RansDecoder } from '../../entropy/rans-decoder.js';
import { RansEncoder } from '../../entropy/rans-encoder.js';
import { SymbolReader, SymbolWriter, type SymbolCoder } from '../../entropy/symbol-coder.js';
import { BitstreamError } from '../../errors.js';
import { BIT_LEVELS, TOKEN_CHANNELS, type BitTables } from '../../model/bit-tables.js';
import type { Graph } from '../../model/graph.js';
import type { FrameHead } from '../frame-head.js';
import type { TokenByteCodec } from '../workers/serve-tokens.js';
import { bitLogits, type BitContext } from './bit-prior.js';
import { GROUP, type CellGrid } from './cell-grid.js';
import { hasOwnTokens, type CellTokens } from './cell-tokens.js';
import { ChannelPlanes } from './channel-planes.js';

/** Shift of each step of adaptation. */
const ADAPTATION_RATE = 7;
/** Logit values of one level. */
const LEVEL_SHIFT = 2;

/**
 * Turns token frames into the bytes of packets and back, in coding order (FORMAT.md section 13). Holds the adapted tables
 * and the two token frames before. Pictures play no part in it.
 */
export class BitTokenCodec implements TokenByteCodec<CellTokens> {
  readonly #grid: CellGrid;
  readonly #prior: Pick<Graph, 'run'>;
  readonly #channelWeights: Int8Array;
  readonly #tables: AdaptiveTables;
  readonly #encoder = new RansEncoder();
  #before: ChannelPlanes;
  #older: ChannelPlanes;
  /** Token frames of the chunk so far. */
  #tokenFrames = 0;
  /** Pictures of the last token frame that packets have shown. */
  #shown = GROUP;

  /** @param prior the exact graph. */
  constructor(grid: CellGrid, { channelWeights, bitTables }: BitTables, prior: Pick<Graph, 'run'>) {
    this.#grid = grid;
    this.#prior = prior;
    this.#channelWeights = channelWeights;
    this.#tables = new AdaptiveTables(bitTables, 2, { rate: ADAPTATION_RATE });
    this.#before = this.#older = new ChannelPlanes(grid);
  }

  /** Bytes of a packet's tokens; none if it shows a picture of the token frame before. */
  async write(head: FrameHead, { ids }: CellTokens): Promise<Uint8Array> {
    this.#advance(head);
    if (!hasOwnTokens(head)) return new Uint8Array(0);
    await this.#code(new SymbolWriter(this.#encoder), head.q, ids);
    return this.#encoder.finish();
  }

  /**
   * Tokens of a packet's bytes.
   *
   * @throws BitstreamError if the bytes are no packet of this stream.
   */
  async read(head: FrameHead, bytes: Uint8Array): Promise<CellTokens> {
    this.#advance(head);
    if (!hasOwnTokens(head)) {
      if (bytes.length === 0) return { ids: new Uint32Array(0) };
      throw new BitstreamError('a packet that shows a picture of the token frame before has tokens', {
        field: 'tokens',
      });
    }
    const ids = new Uint32Array(this.#grid.cells);
    const decoder = new RansDecoder(bytes);
    await this.#code(new SymbolReader(decoder), head.q, ids);
    decoder.finish();
    return { ids };
  }

  /** Goes on to a packet, if it can be the next one. */
  #advance({ kind, q, interpolation }: FrameHead): void {
    if (q < 1 || q > TOKEN_CHANNELS) {
      throw new BitstreamError(`tokens of ${q} channels; there are 1..${TOKEN_CHANNELS}`, { field: 'q' });
    }
    const isNext = interpolation === 0 || (kind === 'inter' && interpolation === this.#shown);
    if (!isNext) {
      throw new BitstreamError(`picture ${interpolation} of the token frame before cannot follow here`, {
        field: 'interpolation',
      });
    }
    if (kind === 'key') {
      this.#tables.reset();
      this.#before = this.#older = new ChannelPlanes(this.#grid);
      this.#tokenFrames = 0;
    }
    // The first token frame of a chunk shows one picture.
    this.#shown = kind === 'key' ? GROUP : interpolation + 1;
  }

  async #code(coder: SymbolCoder, channels: number, ids: Uint32Array): Promise<void> {
    const current = new ChannelPlanes(this.#grid);
    const frame = { channels, tokenFrame: this.#tokenFrames, current, before: this.#before, older: this.#older };
    for (const [pass, cells] of this.#grid.passes.entries()) {
      if (cells.length === 0) continue;
      const context: BitContext = { ...frame, pass };
      const logits = await bitLogits(this.#prior, context, cells);
      cells.forEach((cell, row) => {
        ids[cell] = this.#codeToken(coder, channels, logits, row * TOKEN_CHANNELS, ids[cell]!);
        current.set(cell, ids[cell], channels);
      });
    }
    this.#older = this.#before;
    this.#before = current;
    this.#tokenFrames++;
  }

  /** Codes the bits of one token, each with those before it known. */
  #codeToken(coder: SymbolCoder, channels: number, logits: Uint8Array, at: number, id: number): number {
    const weights = this.#channelWeights;
    let result = 0;
    for (let channel = 0; channel < channels; channel++) {
      let logit = logits[at + channel]!;
      for (let earlier = 0, w = channel * TOKEN_CHANNELS; earlier < channel; earlier++, w++) {
        logit += (result >>> earlier) & 1 ? weights[w]! : -weights[w]!;
      }
      const level = Math.max(0, Math.min(255, logit)) >> LEVEL_SHIFT;
      const bit = coder.symbol(this.#tables, channel * BIT_LEVELS + level, (id >>> channel) & 1);
      result |= bit << channel;
    }
    return result;
  }
}
