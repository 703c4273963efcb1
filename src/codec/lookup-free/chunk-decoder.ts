import type { Graph } from '../../model/graph.js';
import type { FrameHeader } from '../frame-header.js';
import type { Planes } from '../planes.js';
import { GROUP, type CellGrid } from './cell-grid.js';
import type { CellTokens } from './cell-tokens.js';
import { firstState, picturesOf, type PictureGroup, type TokenizerState } from './tokenizer.js';

/** Makes pictures from token grids, in coding order. It passes the state from one token grid of a chunk to the next. */
export class ChunkDecoder {
  readonly #grid: CellGrid;
  readonly #graph: Pick<Graph, 'run'>;
  readonly #first: TokenizerState;
  #state: TokenizerState;
  #pictures: PictureGroup | null = null;

  /** @param first initial value of each channel of the state, for the start of a chunk. */
  constructor(grid: CellGrid, graph: Pick<Graph, 'run'>, first: Uint8Array) {
    this.#grid = grid;
    this.#graph = graph;
    this.#first = this.#state = firstState(grid, first);
  }

  /** The state for the next token grid of the chunk. */
  get state(): TokenizerState {
    return this.#state;
  }

  /** Starts a chunk. */
  restart(): void {
    this.#state = this.#first;
  }

  /** Pictures of the last token grid. */
  get pictures(): PictureGroup | null {
    return this.#pictures;
  }

  /** Takes the next token grid: ids [rows, columns]. */
  async advance(channels: number, ids: Uint32Array): Promise<void> {
    const { pictures, state } = await picturesOf(this.#graph, this.#grid, ids, this.#state, channels);
    this.#pictures = pictures;
    this.#state = state;
  }

  /** Returns the picture of a packet, at coded size. The token codec checks the order of packets. */
  async decode(header: FrameHeader, { ids }: CellTokens): Promise<Planes> {
    if (header.kind === 'key') this.restart();
    const { cells } = this.#grid;
    for (let first = 0; first < ids.length; first += cells)
      await this.advance(header.q, ids.subarray(first, first + cells));
    const index = header.kind === 'key' ? GROUP - 1 : header.variant;
    const { y, u, v } = this.#pictures!;
    return { y: pictureOf(y, index), u: pictureOf(u, index), v: pictureOf(v, index) };
  }
}

/** Returns the plane of one picture, in its own buffer. */
function pictureOf(plane: Uint8Array<ArrayBuffer>, index: number): Uint8Array<ArrayBuffer> {
  const size = plane.length / GROUP;
  return plane.slice(index * size, (index + 1) * size);
}
