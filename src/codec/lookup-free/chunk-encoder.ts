import type { Kernels } from '../../kernels/kernels.js';
import type { BitTables } from './bit-tables.js';
import type { Graph } from '../../model/graph.js';
import { LookAhead, type LookAheadFrame } from '../look-ahead.js';
import { LOOK_AHEAD_SETTINGS } from '../look-ahead-settings.js';
import type { TimedPicture } from '../planes.js';
import type { FrameHeader } from '../frame-header.js';
import { MacroblockGrid } from '../macroblock-grid.js';
import { chunkLength, GROUP, type CellGrid } from './cell-grid.js';
import type { CellTokens } from './cell-tokens.js';
import { ChunkDecoder } from './chunk-decoder.js';
import { gatherPictures, lastPictureError } from './picture-group.js';
import { wholeQuality } from '../whole-quality.js';
import { SignChooser } from './sign-chooser.js';
import type { GridContext } from './token-grid-coder.js';
import { evidenceOf, type PictureGroup } from './tokenizer.js';

/** The networks of a pack, and its tables. */
export interface TokenizerGraphs {
  readonly encoder: Pick<Graph, 'run'>;
  readonly decoder: Pick<Graph, 'run'>;
  readonly prior: Pick<Graph, 'run'>;
  readonly tables: BitTables;
}

/** How to encode. */
export interface ChunkOptions {
  /** Channels in use, 1..18. */
  readonly channels: number;
  /** The largest distance between key frames, in frames, at least 1. Chunks have 1 + 4k frames. */
  readonly keyint: number;
  /** True: the pictures are one chunk. Default: false. */
  readonly isChunk?: boolean;
  /** Whether the stream is resilient. Default: false. */
  readonly isResilient?: boolean | undefined;
}

/** A packet's tokens and the place of its picture in display order. */
export interface ChunkPacket {
  readonly display: number;
  readonly header: FrameHeader;
  readonly tokens: CellTokens;
}

/** For the look-ahead; scene cuts do not depend on it. */
const STEP = 16;

interface Waiting {
  readonly picture: TimedPicture;
  readonly display: number;
  readonly isSceneCut: boolean;
}

/**
 * A key picture gets a second token grid if its squared error exceeds that of the previous picture by this factor (0.9
 * dB), because the change of quality would be visible.
 */
const SEAM = 1.23;

/**
 * Encodes a sequence of pictures: the first picture of a chunk alone, then groups of four (Yu et al. 2024, section 3).
 * A chunk ends at a scene cut; the token grid before the cut may have fewer pictures. If a chunk starts within a scene
 * and its first picture is worse than the picture before, a second token grid codes the first picture again.
 */
export class ChunkEncoder {
  readonly #grid: CellGrid;
  readonly #network: TokenizerGraphs['encoder'];
  readonly #channels: number;
  readonly #chunkLength: number;
  readonly #isResilient: boolean;
  readonly #lookAhead: LookAhead;
  /** Tracks the state of a decoder. */
  readonly #decoder: ChunkDecoder;
  readonly #chooser: SignChooser;
  readonly #waiting: Waiting[] = [];
  readonly #packets: ChunkPacket[] = [];
  #last: LookAheadFrame | null = null;
  /** The number of token grids encoded so far. */
  #groups = 0;
  /** The number of frames of the chunk so far. */
  #sinceKey = 0;
  /** In resilient streams: every other token grid depends on the one before. */
  #leans = false;
  /** The pictures of the last token grid. */
  #source: PictureGroup | null = null;

  constructor(kernels: Kernels, grid: CellGrid, graphs: TokenizerGraphs, options: ChunkOptions) {
    const { channels, keyint, isChunk = false, isResilient = false } = options;
    this.#grid = grid;
    this.#isResilient = isResilient;
    this.#network = graphs.encoder;
    this.#channels = channels;
    this.#chunkLength = isChunk ? Infinity : chunkLength(keyint);
    const settings = isChunk ? { ...LOOK_AHEAD_SETTINGS, sceneCut: Infinity } : LOOK_AHEAD_SETTINGS;
    this.#lookAhead = new LookAhead(kernels, new MacroblockGrid(grid.width, grid.height), settings, STEP);
    this.#decoder = new ChunkDecoder(grid, graphs.decoder, graphs.tables.firstState);
    this.#chooser = new SignChooser(grid, graphs.tables, graphs.prior);
  }

  /** Takes the next picture in display order; its planes are kept until it is encoded. */
  push(picture: TimedPicture): void {
    const frame = this.#lookAhead.analyse(picture.y);
    if (this.#last !== null) this.#lookAhead.release(this.#last);
    this.#last = frame;
    this.#waiting.push({ picture, display: frame.display, isSceneCut: frame.isSceneCut });
  }

  /** Returns true if a packet can be made; at the end of the sequence (`isEnd`), as long as there is a picture. */
  isReady(isEnd: boolean): boolean {
    return this.#packets.length > 0 || this.#nextPictures(isEnd).length > 0;
  }

  /**
   * Returns the next packet; `isEnd` as in {@link isReady}, which must have returned true.
   *
   * @param quality channels of the next token grid, which may have a fraction. Default: those of the sequence.
   */
  async next(isEnd: boolean, quality = this.#channels): Promise<ChunkPacket> {
    if (this.#packets.length === 0) {
      await this.#encode(this.#nextPictures(isEnd), wholeQuality(quality, this.#groups++));
    }
    return this.#packets.shift()!;
  }

  #isKey({ isSceneCut }: Waiting): boolean {
    return isSceneCut || this.#sinceKey === 0 || this.#sinceKey >= this.#chunkLength;
  }

  /** Returns the number of pictures of the next token grid; 0 if more pictures must come first. */
  #nextPictures(isEnd: boolean): readonly Waiting[] {
    const first = this.#waiting[0];
    if (first === undefined) return [];
    if (this.#isKey(first)) return [first];
    const cut = this.#waiting.findIndex(({ isSceneCut }) => isSceneCut);
    const count = cut >= 0 && cut < GROUP ? cut : GROUP;
    return isEnd || this.#waiting.length >= count ? this.#waiting.slice(0, count) : [];
  }

  async #encode(group: readonly Waiting[], channels: number): Promise<void> {
    const isKey = this.#isKey(group[0]!);
    const pictures = gatherPictures(
      this.#grid,
      group.map(({ picture }) => picture),
    );
    const leans = this.#isResilient && !isKey && this.#leans;
    this.#leans = !isKey && !leans;
    const context = this.#isResilient && !isKey ? (leans ? 'before' : 'key') : 'chunk';
    const ids = isKey
      ? await this.#codeKey(pictures, group[0]!.isSceneCut, channels)
      : await this.#codeTokenGrid(pictures, channels, context);
    group.forEach(({ display, picture: { pts } }, index) => {
      const header: FrameHeader = {
        kind: isKey ? 'key' : 'inter',
        q: channels,
        referenceSlot0: isKey ? null : 0,
        referenceSlot1: null,
        refreshSlot: index === 0 ? 0 : null,
        variant: isKey ? ids.length / this.#grid.cells - 1 : index,
        // In resilient streams, whether a token grid leans on the one before.
        hasQOffsets: leans && index === 0,
        hasLoopFilter: false,
        pts,
      };
      this.#packets.push({ display, header, tokens: { ids: index === 0 ? ids : new Uint32Array(0) } });
    });
    this.#source = pictures;
    this.#waiting.splice(0, group.length);
    this.#sinceKey = (isKey ? 0 : this.#sinceKey) + group.length;
  }

  /** Returns the ids of the one or two token grids of a key packet. */
  async #codeKey(pictures: PictureGroup, isSceneCut: boolean, channels: number): Promise<Uint32Array<ArrayBuffer>> {
    const before = this.#source === null || isSceneCut ? null : this.#error(this.#source);
    this.#decoder.restart();
    this.#chooser.restart();
    const first = await this.#codeTokenGrid(pictures, channels);
    if (before === null || this.#error(pictures) <= SEAM * before) return first;
    return joined(first, await this.#codeTokenGrid(pictures, channels));
  }

  /** Returns the ids of a token grid and gives them to the decoder. */
  async #codeTokenGrid(
    pictures: PictureGroup,
    channels: number,
    context: GridContext = 'chunk',
  ): Promise<Uint32Array<ArrayBuffer>> {
    const evidence = await evidenceOf(this.#network, this.#grid, pictures, this.#decoder.state, channels);
    const ids = await this.#chooser.choose(evidence, channels, context);
    await this.#decoder.advance(channels, ids);
    return ids;
  }

  /** Returns the squared error of the last decoded picture. */
  #error(pictures: PictureGroup): number {
    return lastPictureError(pictures, this.#decoder.pictures!);
  }
}

function joined(first: Uint32Array, second: Uint32Array): Uint32Array<ArrayBuffer> {
  const ids = new Uint32Array(first.length + second.length);
  ids.set(first);
  ids.set(second, first.length);
  return ids;
}
