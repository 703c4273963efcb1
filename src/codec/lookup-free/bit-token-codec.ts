import { RansDecoder } from '../../entropy/rans-decoder.js';
import { RansEncoder } from '../../entropy/rans-encoder.js';
import { SymbolReader, SymbolWriter } from '../../entropy/symbol-coder.js';
import { BitstreamError } from '../../errors.js';
import { TOKEN_CHANNELS, type BitTables } from './bit-tables.js';
import type { Graph } from '../../model/graph.js';
import type { FrameHeader } from '../frame-header.js';
import type { TokenByteCodec } from '../workers/serve-tokens.js';
import { GROUP, type CellGrid } from './cell-grid.js';
import { tokenGridsOf, type CellTokens } from './cell-tokens.js';
import { DEPENDS_ON_LOSS } from '../slot-marks.js';
import { TokenGridCoder, type GridContext } from './token-grid-coder.js';

/**
 * Turns the tokens of packets into bytes and back, in coding order (FORMAT.md section 13). It does not need pictures.
 */
export class BitTokenCodec implements TokenByteCodec<CellTokens> {
  readonly #grid: CellGrid;
  readonly #coder: TokenGridCoder;
  readonly #isResilient: boolean;
  readonly #encoder = new RansEncoder();
  /** The number of pictures of the last token grid that packets have shown. */
  #shown = GROUP;

  /**
   * @param prior the exact graph.
   * @param isResilient true: token grids do not depend on all before them (FORMAT.md section 13).
   */
  constructor(grid: CellGrid, tables: BitTables, prior: Pick<Graph, 'run'>, isResilient = false) {
    this.#grid = grid;
    this.#isResilient = isResilient;
    this.#coder = new TokenGridCoder(grid, tables, prior);
  }

  /** Returns the bytes of a packet's tokens; none if it shows a picture of the previous token grid. */
  async write(header: FrameHeader, { ids }: CellTokens): Promise<Uint8Array> {
    this.#advance(header);
    const count = tokenGridsOf(header);
    if (count === 0) return new Uint8Array(0);
    const writer = new SymbolWriter(this.#encoder);
    for (let frame = 0; frame < count; frame++) {
      const first = frame * this.#grid.cells;
      const bit = (cell: number, channel: number): number => (ids[first + cell]! >>> channel) & 1;
      await this.#coder.code(writer, header.q, bit, this.#contextOf(header));
    }
    return this.#encoder.finish();
  }

  /** Returns the tokens in the bytes of a packet.
   *
   * @param isBeforeKnown false: the token grid before this packet was lost.
   * @throws BitstreamError if the bytes are not a packet of this stream.
   */
  async read(header: FrameHeader, bytes: Uint8Array, isBeforeKnown = true): Promise<CellTokens> {
    this.#advance(header);
    if (!isBeforeKnown && this.#contextOf(header) === 'before') throw new BitstreamError(DEPENDS_ON_LOSS);
    const count = tokenGridsOf(header);
    const ids = new Uint32Array(count * this.#grid.cells);
    if (count === 0) {
      if (bytes.length === 0) return { ids };
      throw new BitstreamError('a packet that shows a picture of the token grid before has tokens', {
        field: 'tokens',
      });
    }
    const decoder = new RansDecoder(bytes);
    const reader = new SymbolReader(decoder);
    for (let frame = 0; frame < count; frame++) {
      const found = await this.#coder.code(reader, header.q, () => 0, this.#contextOf(header));
      ids.set(found, frame * this.#grid.cells);
    }
    decoder.finish();
    return { ids };
  }

  #contextOf({ kind, hasQOffsets }: FrameHeader): GridContext {
    if (!this.#isResilient || kind === 'key') return 'chunk';
    return hasQOffsets ? 'before' : 'key';
  }

  /** Checks that a packet may follow the packet before it, and makes it the current one. */
  #advance({ kind, q, variant: variant }: FrameHeader): void {
    if (q < 1 || q > TOKEN_CHANNELS) {
      throw new BitstreamError(`tokens of ${q} channels; there are 1..${TOKEN_CHANNELS}`, { field: 'q' });
    }
    if (kind === 'key') {
      if (variant > 1) {
        throw new BitstreamError(`${variant} more token grids in a key packet; there can be one`, {
          field: 'variant',
        });
      }
      this.#coder.restart();
      // Its token grids show one picture.
      this.#shown = GROUP;
      return;
    }
    // Resilient streams may lack pictures.
    if (variant !== 0 && (this.#isResilient ? variant < this.#shown : variant !== this.#shown)) {
      throw new BitstreamError(`picture ${variant} of the token grid before cannot follow here`, {
        field: 'variant',
      });
    }
    this.#shown = variant + 1;
  }
}
