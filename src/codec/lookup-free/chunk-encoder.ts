import type { Kernels } from '../../kernels/kernels.js';
import type { Graph } from '../../model/graph.js';
import { LookAhead, type LookAheadFrame } from '../encoder/look-ahead.js';
import type { TimedPicture } from '../encoder/sequence-encoder.js';
import type { FrameHead } from '../frame-head.js';
import { Geometry } from '../frame-tokens.js';
import { GROUP, type CellGrid } from './cell-grid.js';
import { hasOwnTokens, type CellTokens } from './cell-tokens.js';
import { ChunkDecoder } from './chunk-decoder.js';
import { gatherPictures } from './picture-group.js';
import { tokensOf } from './tokenizer.js';

/** The networks of the tokenizer. */
export interface TokenizerGraphs {
  readonly encoder: Pick<Graph, 'run'>;
  readonly decoder: Pick<Graph, 'run'>;
  /** Value of each of the state's channels before a chunk. */
  readonly firstState: Uint8Array;
}

/** How to encode. */
export interface ChunkOptions {
  /** Channels in use, 1..18. */
  readonly channels: number;
  /** Frames from one key frame to the next at most, at least 1; chunks have 1 + 4k. */
  readonly keyint: number;
}

/** A packet's tokens and the place of its picture in display order. */
export interface ChunkPacket {
  readonly display: number;
  readonly head: FrameHead;
  readonly tokens: CellTokens;
}

interface Waiting {
  readonly picture: TimedPicture;
  readonly display: number;
  readonly isSceneCut: boolean;
}

/**
 * Encodes a sequence of pictures: the first one of a chunk alone, then four by four (Yu et al. 2024, section 3). Chunks
 * end at scene cuts, where the token frame before has fewer pictures.
 */
export class ChunkEncoder {
  readonly #grid: CellGrid;
  readonly #graphs: TokenizerGraphs;
  readonly #channels: number;
  readonly #chunkLength: number;
  readonly #lookAhead: LookAhead;
  /** Follows what decoders hold. */
  readonly #decoder: ChunkDecoder;
  readonly #waiting: Waiting[] = [];
  readonly #packets: ChunkPacket[] = [];
  #last: LookAheadFrame | null = null;
  /** Frames of the chunk so far. */
  #sinceKey = 0;

  constructor(kernels: Kernels, grid: CellGrid, graphs: TokenizerGraphs, { channels, keyint }: ChunkOptions) {
    this.#grid = grid;
    this.#graphs = graphs;
    this.#channels = channels;
    this.#chunkLength = keyint - ((keyint - 1) % GROUP);
    this.#lookAhead = new LookAhead(kernels, new Geometry(grid.width, grid.height));
    this.#decoder = new ChunkDecoder(grid, graphs.decoder, graphs.firstState);
  }

  /** Takes the next picture in display order; its planes are kept until it is encoded. */
  push(picture: TimedPicture): void {
    const frame = this.#lookAhead.analyse(picture.y);
    if (this.#last !== null) this.#lookAhead.release(this.#last);
    this.#last = frame;
    this.#waiting.push({ picture, display: frame.display, isSceneCut: frame.isSceneCut });
  }

  /** True if there is a packet; at the end of the sequence (`isEnd`) as long as there is a picture. */
  isReady(isEnd: boolean): boolean {
    return this.#packets.length > 0 || this.#nextPictures(isEnd).length > 0;
  }

  /** The next packet; `isEnd` as in {@link isReady}, which must be true. */
  async next(isEnd: boolean): Promise<ChunkPacket> {
    if (this.#packets.length === 0) await this.#encode(this.#nextPictures(isEnd));
    return this.#packets.shift()!;
  }

  #isKey({ isSceneCut }: Waiting): boolean {
    return isSceneCut || this.#sinceKey === 0 || this.#sinceKey >= this.#chunkLength;
  }

  /** Pictures of the next token frame; none if more must come first. */
  #nextPictures(isEnd: boolean): readonly Waiting[] {
    const first = this.#waiting[0];
    if (first === undefined) return [];
    if (this.#isKey(first)) return [first];
    const cut = this.#waiting.findIndex(({ isSceneCut }) => isSceneCut);
    const count = cut >= 0 && cut < GROUP ? cut : GROUP;
    return isEnd || this.#waiting.length >= count ? this.#waiting.slice(0, count) : [];
  }

  async #encode(group: readonly Waiting[]): Promise<void> {
    const isKey = this.#isKey(group[0]!);
    if (isKey) {
      this.#decoder.restart();
      this.#sinceKey = 0;
    }
    const pictures = gatherPictures(
      this.#grid,
      group.map(({ picture }) => picture),
    );
    const tokens = await tokensOf(this.#graphs.encoder, this.#grid, pictures, this.#decoder.state, this.#channels);
    await this.#decoder.advance(this.#channels, tokens);
    group.forEach(({ display, picture: { pts } }, interpolation) => {
      const head: FrameHead = {
        kind: isKey ? 'key' : 'inter',
        q: this.#channels,
        reference0: isKey ? null : 0,
        reference1: null,
        fills: interpolation === 0 ? 0 : null,
        interpolation,
        hasQOffsets: false,
        hasLoopFilter: false,
        pts,
      };
      this.#packets.push({ display, head, tokens: hasOwnTokens(head) ? tokens : { ids: new Uint32Array(0) } });
    });
    this.#waiting.splice(0, group.length);
    this.#sinceKey += group.length;
  }
}
