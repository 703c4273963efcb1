import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Tune } from '../codec/sequence-options.js';
import type { EncodedFrame } from '../codec/transform/encoder/sequence-encoder.js';
import type { FrameHeader } from '../codec/frame-header.js';
import { SUB_BLOCK } from '../codec/macroblock-grid.js';
import { TOKENS_PER_BLOCK, type FrameTokens, type Geometry } from '../codec/transform/frame-tokens.js';
import { SIDE_PLANES, sidePlanes } from '../codec/transform/loop-filter.js';
import { ModeSyntax } from '../codec/transform/mode-syntax.js';
import { writePlane, type Planes, type VisiblePlanes } from '../codec/planes.js';
import { BLOCK_FIELDS, describeBlock, type FramePrior } from '../codec/transform/prior.js';
import { ProbabilityTables } from '../codec/transform/probability-tables.js';
import { tablesOf, type AdaptiveTables } from '../entropy/adaptive-tables.js';
import type { SymbolCoder } from '../entropy/symbol-coder.js';
import type { PackTables } from '../codec/transform/pack-tables.js';
import type { Path } from './camera.js';
import { NpyWriter } from './npy.js';

/** The contents of a shard's `meta.json`. */
export interface ShardMeta {
  readonly clip: string;
  readonly q: number;
  readonly tune: Tune;
  /** The exact motion of the camera that filmed a picture (in full, before the crop); null if there was none. */
  readonly camera: Path | null;
}

const PICTURES = ['unfiltered', 'loop', 'original'] as const;

/**
 * One folder of training data: what the encoder decided for consecutive frames of one clip at one quality, as `.npy`
 * arrays (training/README.md lists them).
 */
export class ShardWriter {
  readonly #folder: string;
  readonly #meta: ShardMeta;
  readonly #geometry: Geometry;
  readonly #pack: PackTables;
  readonly #arrays: ReadonlyMap<string, NpyWriter>;
  readonly #symbols: SymbolRecorder;
  readonly #modes: ModeSyntax;
  #frames = 0;

  private constructor(
    folder: string,
    meta: ShardMeta,
    geometry: Geometry,
    pack: PackTables,
    arrays: ReadonlyMap<string, NpyWriter>,
  ) {
    this.#folder = folder;
    this.#meta = meta;
    this.#geometry = geometry;
    this.#pack = pack;
    this.#arrays = arrays;
    const tables = new ProbabilityTables(pack);
    this.#symbols = new SymbolRecorder(tables);
    this.#modes = new ModeSyntax(tables, pack);
  }

  static async create(folder: string, meta: ShardMeta, geometry: Geometry, pack: PackTables): Promise<ShardWriter> {
    await mkdir(folder, { recursive: true });
    const { rows, columns, codedWidth, codedHeight } = geometry;
    const arrays = new Map<string, NpyWriter>();
    const add = async (name: string, type: '|u1' | '|i1' | '<i4', shape: readonly number[]): Promise<void> => {
      arrays.set(name, await NpyWriter.create(path.join(folder, `${name}.npy`), type, shape));
    };
    await add('context', '|u1', [BLOCK_FIELDS, rows, columns]);
    await add('memory', '|u1', [TOKENS_PER_BLOCK, rows, columns]);
    await add('tokens', '|i1', [TOKENS_PER_BLOCK, rows, columns]);
    await add('side', '|u1', [SIDE_PLANES, codedHeight / SUB_BLOCK, codedWidth / SUB_BLOCK]);
    await add('mode-symbols', '<i4', [3]);
    for (const picture of PICTURES) {
      await add(`${picture}-y`, '|u1', [codedHeight, codedWidth]);
      await add(`${picture}-u`, '|u1', [codedHeight / 2, codedWidth / 2]);
      await add(`${picture}-v`, '|u1', [codedHeight / 2, codedWidth / 2]);
    }
    return new ShardWriter(folder, meta, geometry, pack, arrays);
  }

  /** Appends one frame. */
  async add(encoded: EncodedFrame, prior: FramePrior): Promise<void> {
    const { header, tokens } = encoded;
    await this.#append('context', contextPlanes(header, tokens, this.#pack.intraClass));
    await this.#append('memory', toPlanes(prior.movedMemory(), TOKENS_PER_BLOCK));
    await this.#append('tokens', tokenPlanes(tokens.coefficients, this.#geometry));
    await this.#append('side', sidePlanes(header, tokens));
    this.#modes.code(this.#symbols, header, tokens);
    const symbols = this.#symbols.take();
    await this.#append('mode-symbols', symbols, symbols.length / 3);
    const pictures: Record<(typeof PICTURES)[number], Planes> = {
      unfiltered: encoded.readUnfiltered(),
      loop: encoded.loop,
      // The encoder may have coded its mean with other frames.
      original: fillUp(encoded.picture, this.#geometry),
    };
    for (const name of PICTURES) {
      for (const plane of ['y', 'u', 'v'] as const) await this.#append(`${name}-${plane}`, pictures[name][plane]);
    }
    this.#frames++;
  }

  /** Completes the arrays and writes `meta.json`, without which a reader skips the shard. */
  async finish(): Promise<void> {
    for (const array of this.#arrays.values()) await array.finish();
    const { rows, columns, width, height } = this.#geometry;
    const meta = {
      ...this.#meta,
      width,
      height,
      rows,
      columns,
      frames: this.#frames,
      intraModes: this.#pack.intraModes,
      modeTables: this.#symbols.names,
    };
    await writeFile(path.join(this.#folder, 'meta.json'), `${JSON.stringify(meta, null, 1)}\n`);
  }

  async #append(name: string, values: Uint8Array | Int8Array | Int32Array, rows = 1): Promise<void> {
    await this.#arrays.get(name)!.append(values, rows);
  }
}

/** A visible picture at coded size, its edges repeated. */
function fillUp({ y, u, v }: VisiblePlanes, { width, height, codedWidth, codedHeight }: Geometry): Planes {
  const plane = (samples: Uint8Array, scale: 1 | 2): Uint8Array<ArrayBuffer> => {
    const size = { width: codedWidth / scale, height: codedHeight / scale };
    const result = new Uint8Array(size.width * size.height);
    const visible = [Math.ceil(width / scale), Math.ceil(height / scale)] as const;
    writePlane(result, { ...size, at: 0, stride: size.width }, samples, ...visible);
    return result;
  };
  return { y: plane(y, 1), u: plane(u, 2), v: plane(v, 2) };
}

/** Notes (table, context, symbol) of all mode symbols, once for each of their contexts, instead of coding them. */
class SymbolRecorder implements SymbolCoder {
  readonly names: readonly string[];
  readonly #ids = new Map<AdaptiveTables, number>();
  #list: number[] = [];

  constructor(tables: ProbabilityTables) {
    this.names = Object.keys(tables.modes);
    Object.values(tables.modes).forEach((table, id) => this.#ids.set(table, id));
  }

  symbol(tables: AdaptiveTables, table: number, value: number): number {
    const id = this.#ids.get(tables)!;
    for (const context of new Set(tablesOf(table))) this.#list.push(id, context, value);
    return value;
  }

  bits(value: number): number {
    return value;
  }

  magnitude(_tables: AdaptiveTables, _table: number, value: number): number {
    return value;
  }

  take(): Int32Array {
    const result = Int32Array.from(this.#list);
    this.#list = [];
    return result;
  }
}

/** The prior's description of each macroblock, [32, rows, columns]. */
function contextPlanes(header: FrameHeader, tokens: FrameTokens, intraClass: Uint8Array): Uint8Array {
  const rows = new Uint8Array(tokens.type.length * BLOCK_FIELDS);
  for (let at = 0; at < tokens.type.length; at++)
    describeBlock(header, tokens, intraClass, at, rows, at * BLOCK_FIELDS);
  return toPlanes(rows, BLOCK_FIELDS);
}

/** [blocks, fields] to [fields, blocks]. */
function toPlanes(rows: Uint8Array, fields: number): Uint8Array {
  const count = rows.length / fields;
  const planes = new Uint8Array(rows.length);
  for (let at = 0; at < count; at++) {
    for (let i = 0; i < fields; i++) planes[i * count + at] = rows[at * fields + i]!;
  }
  return planes;
}

/** [rows, columns, 384] int16 to [384, rows, columns] int8, limited to +-127. */
function tokenPlanes(coefficients: Int16Array, geometry: Geometry): Int8Array {
  const count = geometry.rows * geometry.columns;
  const planes = new Int8Array(count * TOKENS_PER_BLOCK);
  for (let at = 0; at < count; at++) {
    for (let i = 0; i < TOKENS_PER_BLOCK; i++) {
      const value = coefficients[at * TOKENS_PER_BLOCK + i]!;
      planes[i * count + at] = Math.max(-127, Math.min(127, value));
    }
  }
  return planes;
}
