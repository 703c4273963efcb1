import { Geometry, type FrameTokens } from '../codec/transform/frame-tokens.js';
import { SequenceEncoder } from '../codec/transform/encoder/sequence-encoder.js';
import { readPackTables } from '../codec/transform/pack-tables.js';
import { readBitTables } from '../codec/lookup-free/bit-tables.js';
import { CellGrid, GROUP } from '../codec/lookup-free/cell-grid.js';
import { ChunkEncoder } from '../codec/lookup-free/chunk-encoder.js';
import { cropPlane } from '../codec/planes.js';
import type { FrameHeader } from '../codec/frame-header.js';
import { DEFAULT_TUNE } from '../codec/encoder.js';
import { Kernels } from '../kernels/kernels.js';
import { Graph } from '../model/graph.js';
import type { GraphTensor } from '../model/network.js';
import { openNetwork } from '../model/open-network.js';
import { loadPack, type ModelPack } from '../model/pack.js';
import type { GraphRole } from '../model/families.js';
import type { Frame } from '../video/frame.js';
import type { NpyType } from './npy.js';

/** An array of every clip, without the dimension of the clips. */
export interface ClipArray {
  readonly name: string;
  readonly type: NpyType;
  readonly shape: readonly number[];
}

type ClipArrays = Readonly<Record<string, Uint8Array | Int16Array | Int32Array>>;

/** Codes short clips of one size with one pack and one quality. */
export interface ClipCoder extends AsyncDisposable {
  readonly layout: readonly ClipArray[];
  /**
   * Returns the arrays of the layout, in display order. `pictures` is the decoded luma, without post-filter. Null if the
   * encoder started anew within the clip, as at a scene cut.
   */
  code(frames: readonly Frame[]): Promise<ClipArrays | null>;
}

/** What to code clips with. */
export interface ClipCoding {
  /** Name or folder of a pack of any family. */
  readonly pack: string;
  readonly quality: number;
}

/**
 * Opens the coder of square clips.
 *
 * @param side side of the frames, a multiple of 16 luma samples.
 * @param frames frames of a clip, 1 + 4k.
 * @throws ModelError if the pack cannot be used.
 */
export async function openClipCoder({ pack, quality }: ClipCoding, side: number, frames: number): Promise<ClipCoder> {
  const loaded = await loadPack(pack);
  return loaded.family === 'lookup-free'
    ? await LookupFreeCoder.open(loaded, quality, side, frames)
    : await TransformCoder.open(loaded, quality, side, frames);
}

/** Coefficient tokens of a macroblock that are kept: its lowest luma frequencies. */
const KEPT_COEFFICIENTS = 32;
const COEFFICIENT_LIMIT = 127;

/** The number of values of {@link describeCell}. */
export const CELL_FIELDS = 11 + KEPT_COEFFICIENTS;

/** Packs of the family `transform`. `tokens` has {@link describeCell} of all cells of 8x8 samples. */
class TransformCoder implements ClipCoder {
  readonly layout: readonly ClipArray[];
  readonly #geometry: Geometry;
  readonly #frames: number;
  readonly #encoder: () => SequenceEncoder;
  readonly #dispose: () => Promise<void>;

  private constructor(
    geometry: Geometry,
    frames: number,
    encoder: () => SequenceEncoder,
    dispose: () => Promise<void>,
  ) {
    this.#geometry = geometry;
    this.#frames = frames;
    this.#encoder = encoder;
    this.#dispose = dispose;
    const { width, height, rows, columns } = geometry;
    this.layout = [
      { name: 'pictures', type: '|u1', shape: [frames, height, width] },
      { name: 'tokens', type: '<i2', shape: [frames, CELL_FIELDS, 2 * rows, 2 * columns] },
    ];
  }

  static async open(pack: ModelPack, quality: number, side: number, frames: number): Promise<TransformCoder> {
    const geometry = new Geometry(side, side);
    const tables = readPackTables(pack);
    const loopFilter = await openNetwork(pack.graphs.get('loop-filter')!, { device: 'cpu', threads: 1 });
    const options = { quality, keyint: 2 ** 31, tune: DEFAULT_TUNE };
    return new TransformCoder(
      geometry,
      frames,
      () => new SequenceEncoder(new Kernels(), geometry, tables, loopFilter, options),
      async () => loopFilter[Symbol.asyncDispose](),
    );
  }

  async code(frames: readonly Frame[]): Promise<ClipArrays | null> {
    const { width, height, codedWidth, rows, columns } = this.#geometry;
    const size = { picture: width * height, tokens: CELL_FIELDS * 4 * rows * columns };
    const pictures = new Uint8Array(this.#frames * size.picture);
    const tokens = new Int16Array(this.#frames * size.tokens);
    const shownBySlot = new Map<number, number>();
    const encoder = this.#encoder();
    for (const frame of frames) encoder.push(frame);
    for (let coded = 0; encoder.isReady(true); coded++) {
      const { display, header, tokens: chosen, loop } = await encoder.next();
      if (header.kind === 'key' && coded > 0) return null;
      const { referenceSlot0, referenceSlot1, refreshSlot } = header;
      const distances = [referenceSlot0, referenceSlot1].map((slot) =>
        slot === null ? 0 : display - shownBySlot.get(slot)!,
      );
      if (refreshSlot !== null) shownBySlot.set(refreshSlot, display);
      pictures.set(cropPlane(loop.y, codedWidth, width, height), display * size.picture);
      tokens.set(describeCells(chosen, distances), display * size.tokens);
    }
    return { pictures, tokens };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}

/** The cells of a frame, [fields, 2 rows, 2 columns]. */
function describeCells(tokens: FrameTokens, distances: readonly number[]): Int16Array {
  const { rows, columns } = tokens.geometry;
  const cells = 4 * rows * columns;
  const planes = new Int16Array(CELL_FIELDS * cells);
  for (let cell = 0; cell < cells; cell++) {
    const [row, column] = [Math.floor(cell / (2 * columns)), cell % (2 * columns)];
    const block = (row >> 1) * columns + (column >> 1);
    describeCell(tokens, distances, cell, block).forEach((value, field) => (planes[field * cells + cell] = value));
  }
  return planes;
}

/**
 * The tokens of a cell: blockSize, type, transform, lumaGroups, referenceIndex, motion (x, y for reference 0, then for
 * reference 1), how many frames both references lie back (negative: ahead; 0: none), and the first luma coefficients of
 * its macroblock.
 */
function describeCell(tokens: FrameTokens, distances: readonly number[], cell: number, block: number): number[] {
  const first = block * (tokens.coefficients.length / tokens.type.length);
  const coefficients = tokens.coefficients.subarray(first, first + KEPT_COEFFICIENTS);
  return [
    tokens.blockSize[block]!,
    tokens.type[block]!,
    tokens.transform[block]!,
    tokens.lumaGroups[block]!,
    tokens.referenceIndex[cell]!,
    ...tokens.motion.subarray(4 * cell, 4 * cell + 4),
    ...distances,
    ...coefficients.map((value) => Math.max(-COEFFICIENT_LIMIT, Math.min(COEFFICIENT_LIMIT, value))),
  ];
}

/** Packs of the family `lookup-free`. `tokens` has ids, `state` the decoder's state after the clip. */
class LookupFreeCoder implements ClipCoder {
  readonly layout: readonly ClipArray[];
  readonly #grid: CellGrid;
  readonly #frames: number;
  readonly #encoder: (decoder: Pick<Graph, 'run'>) => ChunkEncoder;
  readonly #graphs: Readonly<Record<'encoder' | 'decoder' | 'prior', Graph>>;

  private constructor(
    pack: ModelPack,
    graphs: Readonly<Record<'encoder' | 'decoder' | 'prior', Graph>>,
    quality: number,
    side: number,
    frames: number,
  ) {
    const tables = readBitTables(pack);
    this.#grid = new CellGrid(side, side);
    this.#frames = frames;
    this.#graphs = graphs;
    this.#encoder = (decoder) =>
      new ChunkEncoder(
        new Kernels(),
        this.#grid,
        { ...graphs, decoder, tables },
        { channels: quality, keyint: frames },
      );
    const { rows, columns } = this.#grid;
    this.layout = [
      { name: 'pictures', type: '|u1', shape: [frames, side, side] },
      { name: 'tokens', type: '<i4', shape: [1 + (frames - 1) / GROUP, rows, columns] },
      { name: 'state', type: '|u1', shape: [tables.firstState.length, rows, columns] },
    ];
  }

  static async open(pack: ModelPack, quality: number, side: number, frames: number): Promise<LookupFreeCoder> {
    const open = (role: GraphRole): Promise<Graph> =>
      Graph.create(pack.graphs.get(role)!, { device: 'cpu', threads: 1 });
    const graphs = {
      encoder: await open('tokenizer-encoder'),
      decoder: await open('tokenizer-decoder'),
      prior: await open('prior'),
    };
    return new LookupFreeCoder(pack, graphs, quality, side, frames);
  }

  async code(frames: readonly Frame[]): Promise<ClipArrays | null> {
    const { cells, codedWidth, codedHeight } = this.#grid;
    const shown = codedWidth * codedHeight;
    const pictures = new Uint8Array(this.#frames * shown);
    const tokens = new Int32Array((1 + (this.#frames - 1) / GROUP) * cells);
    // The encoder runs the decoder too: what that gives is kept.
    let last: Record<string, GraphTensor> = {};
    const decoder = {
      run: async (inputs: Readonly<Record<string, GraphTensor>>) => (last = await this.#graphs.decoder.run(inputs)),
    };
    const encoder = this.#encoder(decoder);
    for (const frame of frames) encoder.push(frame);
    for (let grid = 0; encoder.isReady(true);) {
      const { display, header, tokens: chosen } = await encoder.next(true);
      if (header.kind === 'key' && display > 0) return null;
      if (chosen.ids.length > 0) tokens.set(chosen.ids, cells * grid++);
      pictures.set(
        last['y']!.data.subarray(shown * indexInGrid(header), shown * (indexInGrid(header) + 1)),
        display * shown,
      );
    }
    return { pictures, tokens, state: Uint8Array.from(last['nextState']!.data) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const graph of Object.values(this.#graphs)) await graph[Symbol.asyncDispose]();
  }
}

/** The place of a packet's picture among the pictures of its token grid. All pictures of a key packet are one. */
function indexInGrid({ kind, variant }: FrameHeader): number {
  return kind === 'key' ? GROUP - 1 : variant;
}
