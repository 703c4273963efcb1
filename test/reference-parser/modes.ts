import type { ReferencePacket } from './container.js';
import { must } from './container.js';
import type { ReferencePack } from './pack.js';
import type { SymbolStream, TableSet } from './symbols.js';

export interface Vector {
  x: number;
  y: number;
}

/** A whole motion: a vector for each of the packet's references that it uses. */
export interface Motion {
  reference: 0 | 1 | 2;
  vectors: [Vector | null, Vector | null];
}

/** One 8x8 sub-block: motion, or intra mode. */
export interface SubBlock {
  motion: Motion | null;
  intraMode: number | null;
}

/** A block of 16x16, 32x32 or 64x64 luma samples. */
export interface Block {
  /** 0: 16x16, 1: 32x32, 2: 64x64. */
  size: number;
  /** Place of its first macroblock. */
  row: number;
  column: number;
  type: number;
  q: number;
  isFiltered: boolean;
  /** Four; those of a large block are all the same. */
  subBlocks: SubBlock[];
  hasNewMotion: boolean;
  chromaFromLuma: number;
  lumaGroups: number;
  chromaGroups: number;
  transform: number;
  basis: number;
}

/** What a slot keeps for temporal motion. */
export interface KeptMotion {
  modes: FrameModes;
  pts: bigint;
  /** Time stamps of what the frame's references held. */
  referencePts: (bigint | undefined)[];
}

/** Modes of a frame. */
export interface FrameModes {
  rows: number;
  columns: number;
  /** In coding order. */
  blocks: Block[];
  /** The block that each macroblock belongs to; none where it is not decoded yet. */
  macroblocks: (Block | undefined)[];
}

export const SKIP = 0;
export const INTER16 = 1;
export const INTER8 = 2;
export const INTRA16 = 3;
export const INTRA8 = 4;

export const isIntra = (type: number): boolean => type === INTRA16 || type === INTRA8;

/** Section 8, items 1 and 2. */
export function readModes(
  stream: SymbolStream,
  tables: TableSet,
  pack: ReferencePack,
  packet: ReferencePacket,
  size: { width: number; height: number },
  slots: ReadonlyMap<number, KeptMotion>,
): FrameModes {
  const columns = Math.ceil(size.width / 16);
  const rows = Math.ceil(size.height / 16);
  const regionColumns = Math.ceil((16 * columns) / 64);
  const regionRows = Math.ceil((16 * rows) / 64);
  const offsets: number[] = [];
  const filtered: number[] = [];
  for (let region = 0; region < regionColumns * regionRows; region++) {
    const left = region % regionColumns === 0 ? 0 : (filtered[region - 1] ?? 0);
    const above = filtered[region - regionColumns] ?? 0;
    filtered.push(packet.hasLoopFilter ? tables.mode(stream, 'filtered', left + above) : 0);
  }
  const macroblocks = Array.from({ length: rows * columns }, () => undefined);
  const frame: FrameModes = { rows, columns, blocks: [], macroblocks };
  const reader = new ModeReader(stream, tables, pack, packet, frame, slots);
  for (let region = 0; region < regionColumns * regionRows; region++) {
    const [row, column] = [Math.floor(region / regionColumns), region % regionColumns];
    const before = frame.blocks.length;
    reader.readSquare({ row: 4 * row, column: 4 * column, size: 2 }, filtered[region] === 1);
    const blocks = frame.blocks.slice(before);
    const left = column > 0 ? offsets[region - 1] : undefined;
    const above = offsets[region - regionColumns];
    let offset = Math.floor(((left ?? above ?? 0) + (above ?? left ?? 0) + 1) / 2);
    if (packet.hasQOffsets && blocks.some(({ lumaGroups, chromaGroups }) => lumaGroups + chromaGroups > 0)) {
      const unlike = left === undefined || above === undefined ? 1 : Math.abs(left - above);
      offset += tables.mode(stream, 'qOffset', unlike === 0 ? 0 : unlike < 3 ? 1 : 2);
      if (offset > 8) offset -= 17;
    }
    offsets.push(offset);
    for (const block of blocks) block.q = Math.min(Math.max(packet.q + offset, 0), 63);
  }
  return frame;
}

/** A square of macroblocks, of a size as blocks have it, at the place of its first one. */
type Square = Pick<Block, 'row' | 'column' | 'size'>;

class ModeReader {
  readonly #intraModes: number;

  constructor(
    readonly stream: SymbolStream,
    readonly tables: TableSet,
    readonly pack: ReferencePack,
    readonly packet: ReferencePacket,
    readonly frame: FrameModes,
    readonly slots: ReadonlyMap<number, KeptMotion>,
  ) {
    this.#intraModes = pack.table('intra16').shape[0] ?? 0;
  }

  /** Section 8, "Blocks". */
  readSquare(square: Square, isFiltered: boolean): void {
    const { row, column, size } = square;
    const { rows, columns } = this.frame;
    if (row >= rows || column >= columns) return;
    const width = 2 ** size;
    const isInside = row + width <= rows && column + width <= columns;
    if (size === 0 || (isInside && !this.#isSplit(square))) {
      this.#readBlock(square, isFiltered);
      return;
    }
    for (const [down, right] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const quarter = { row: row + (down * width) / 2, column: column + (right * width) / 2, size: size - 1 };
      this.readSquare(quarter, isFiltered);
    }
  }

  /** The blocks to the left of the first macroblock and above it. */
  #beside({ row, column }: Square): [left: Block | undefined, above: Block | undefined] {
    const { columns, macroblocks } = this.frame;
    const left = column > 0 ? macroblocks[row * columns + column - 1] : undefined;
    const above = row > 0 ? macroblocks[(row - 1) * columns + column] : undefined;
    return [left, above];
  }

  #isSplit(square: Square): boolean {
    const { size } = square;
    const beside = this.#beside(square);
    const smaller = beside.filter((other) => other !== undefined && other.size < size).length;
    const k = size - 1 + (this.packet.isKey ? 2 : 0);
    const [left = 3, above = 3] = beside.map((other) => other?.size);
    const first = 16 * (4 * k + left) + 4 * above + this.#s(square);
    return this.tables.mode(this.stream, 'split', first, 256 + 25 * (3 * k + smaller) + this.#o(square)) === 1;
  }

  /** The block of the frame in a slot behind the centre of a square. */
  #collocated({ row, column, size }: Square, slot: number | undefined): Block | undefined {
    const half = size === 0 ? 0 : 2 ** (size - 1);
    if (slot === undefined) return undefined;
    return this.slots.get(slot)?.modes.macroblocks[(row + half) * this.frame.columns + column + half];
  }

  #s(square: Square): number {
    const { references } = this.packet;
    const both = [references.at(-1), references[0]].map((slot) => this.#collocated(square, slot));
    return both.reduce(
      (sum, block) => sum + (block !== undefined && block.size < square.size ? 1 : 0),
      both[0] ? 1 : 0,
    );
  }

  #o(square: Square): number {
    const block = this.#collocated(square, this.packet.references.at(-1));
    return block === undefined ? 0 : 5 * (1 + Math.min(3, block.type)) + levelOf(block.lumaGroups);
  }

  #readBlock(square: Square, isFiltered: boolean): void {
    const { row, column, size } = square;
    const [left, above] = this.#beside(square);
    const block: Block = {
      ...square,
      type: this.#type(square, left, above),
      q: 0,
      isFiltered,
      subBlocks: [],
      hasNewMotion: false,
      chromaFromLuma: 0,
      lumaGroups: 0,
      chromaGroups: 0,
      transform: 0,
      basis: 0,
    };
    // Blocks of 16x16 stand in the frame while their sub-blocks are read one after another.
    this.frame.blocks.push(block);
    for (let down = 0; down < 2 ** size; down++) {
      for (let right = 0; right < 2 ** size; right++) {
        this.frame.macroblocks[(row + down) * this.frame.columns + column + right] = block;
      }
    }
    if (isIntra(block.type)) {
      this.#intraModesOf(block, row, column);
      const count = [left, above].filter((other) => other?.chromaFromLuma === 1).length;
      block.chromaFromLuma = this.tables.mode(this.stream, 'chromaFromLuma', 3 * size + count);
    } else this.#motionsOf(block, row, column);
    if (block.type === INTRA8) block.transform = 1;
    if (block.type !== SKIP) this.#groups(block, left, above);
  }

  #type(square: Square, left: Block | undefined, above: Block | undefined): number {
    const { size } = square;
    if (this.packet.isKey) {
      if (size > 0) return INTRA16;
      const first = 3 * ((left?.type ?? 2) - 2) + (above?.type ?? 2) - 2;
      const [l = 0, a = 0] = [left, above].map((block) => (block === undefined ? 0 : 1 + levelOf(block.lumaGroups)));
      return INTRA16 + this.tables.mode(this.stream, 'typeKey', first, 9 + 6 * l + a);
    }
    const c = (block: Block | undefined): number => {
      if (block === undefined || block.type === SKIP) return 0;
      return isIntra(block.type) ? 2 : 1;
    };
    const both = 3 * c(left) + c(above);
    if (size === 0) {
      const first = 6 * ((left?.type ?? -1) + 1) + (above?.type ?? -1) + 1;
      return this.tables.mode(this.stream, 'type', first, 36 + 25 * both + this.#o(square));
    }
    const t = 9 * (size - 1) + both;
    const symbol = this.tables.mode(this.stream, 'typeLarge', 4 * t + this.#s(square), 72 + 25 * t + this.#o(square));
    return [SKIP, INTER16, INTRA16][symbol] ?? SKIP;
  }

  #groups(block: Block, left: Block | undefined, above: Block | undefined): void {
    const { size } = block;
    const k = size === 0 ? block.type - 1 : (isIntra(block.type) ? 5 : 3) + size;
    const a = (left?.lumaGroups ?? 0) + (above?.lumaGroups ?? 0);
    const h = a === 0 ? 0 : a < 5 ? 1 : a < 9 ? 2 : a < 13 ? 3 : a < 21 ? 4 : 5;
    const then = this.#collocated(block, this.packet.references.at(-1));
    const second = 48 + 18 * k + (then === undefined ? 0 : then.lumaGroups + 1);
    block.lumaGroups = this.tables.mode(this.stream, 'lumaGroups', 6 * k + h, second);
    if (size === 0 && block.lumaGroups > 0 && block.type !== INTRA8) {
      const isSmall = (other: Block | undefined): boolean => other?.transform === 1 && other.lumaGroups > 0;
      const first = 2 * (3 * k + [left, above].filter(isSmall).length) + (isSmall(then) ? 1 : 0);
      block.transform = this.tables.mode(this.stream, 'transform', first, 18 + 6 * k + h);
    }
    if (size === 0 && block.lumaGroups > 0 && !isIntra(block.type)) {
      const name = block.transform === 0 ? '16' : '8';
      const choices = this.pack.table(`interBasis${name}`).values.length;
      if (choices > 1) block.basis = this.tables.mode(this.stream, `basis${name}`, 0);
      must(block.basis < choices, 'basis');
    }
    const chroma = (left?.chromaGroups ?? 0) + (above?.chromaGroups ?? 0);
    const v = block.lumaGroups === 0 ? 0 : block.lumaGroups < 5 ? 1 : block.lumaGroups < 9 ? 2 : 3;
    const all = chroma + (then?.chromaGroups ?? 0);
    const w = [1, 2, 4, 6, 9].filter((limit) => all >= limit).length;
    block.chromaGroups = this.tables.mode(
      this.stream,
      'chromaGroups',
      16 * k + 4 * v + Math.min(3, (chroma + 1) >> 1),
      128 + 12 * k + (block.lumaGroups > 0 ? 6 : 0) + w,
    );
  }

  /** The 8x8 sub-block at this place of the frame's grid of sub-blocks, if it is there and decoded. */
  #subBlock(x: number, y: number): SubBlock | undefined {
    if (x < 0 || y < 0 || x >= 2 * this.frame.columns || y >= 2 * this.frame.rows) return undefined;
    const macroblock = this.frame.macroblocks[(y >> 1) * this.frame.columns + (x >> 1)];
    return macroblock?.subBlocks[2 * (y & 1) + (x & 1)];
  }

  #intraModesOf(block: Block, row: number, column: number): void {
    const m = (subBlock: SubBlock | undefined): number => (subBlock?.intraMode ?? -1) + 1;
    const modes = this.#intraModes + 1;
    const count = block.type === INTRA16 ? 1 : 4;
    for (let s = 0; s < count; s++) {
      const x = 2 * column + (s & 1);
      const y = 2 * row + (s >> 1);
      const [left, above] = [m(this.#subBlock(x - 1, y)), m(this.#subBlock(x, y - 1))];
      const intraMode =
        block.type === INTRA16
          ? this.tables.mode(this.stream, 'intraMode16', left, modes + above)
          : this.tables.mode(this.stream, 'intraMode8', modes * left + above, modes * modes + left);
      block.subBlocks.push({ motion: null, intraMode });
    }
    // Intra16 sets all sub-blocks.
    while (block.subBlocks.length < 4) block.subBlocks.push(block.subBlocks[0] as SubBlock);
  }

  #motionsOf(block: Block, row: number, column: number): void {
    const { size } = block;
    const count = block.type === INTER8 ? 4 : 1;
    // Width of a partition in sub-blocks.
    const width = count === 4 ? 1 : 2 ** (size + 1);
    for (let s = 0; s < count; s++) {
      const x = 2 * column + (s & 1);
      const y = 2 * row + (s >> 1);
      const left = this.#subBlock(x - 1, y);
      const above = this.#subBlock(x, y - 1);
      // What comes later in coding order is not decoded: subBlock() finds nothing there.
      const aboveRight = this.#subBlock(x + width, y - 1) ?? this.#subBlock(x - 1, y - 1);
      const neighbours = [left, above, aboveRight];
      const temporal = this.#temporalMotion(x + (width >> 1), y + (width >> 1));
      const candidates = candidatesOf(neighbours, temporal);
      const table = block.type === SKIP ? 'motionSkip' : 'motion';
      const [place, places] = block.type === SKIP ? [size, 3] : [block.type === INTER16 ? 1 + size : 0, 4];
      const first = 36 * place + 6 * distanceOf(candidates, 1) + distanceOf(candidates, 2);
      const second = 36 * places + 25 * place + this.#o(block);
      const choice = this.tables.mode(this.stream, table, first, second);
      if (choice < 3) {
        const motion = candidates[choice] ?? candidates.at(-1) ?? zeroMotion;
        block.subBlocks.push({ motion, intraMode: null });
      } else {
        block.subBlocks.push(this.#newMotion(neighbours, temporal, block.type === INTER8 ? 0 : 1 + size));
        block.hasNewMotion = true;
      }
    }
    while (block.subBlocks.length < 4) block.subBlocks.push(block.subBlocks[0] as SubBlock);
  }

  /** The temporal motion from the collocated sub-block at this place of the grid of sub-blocks. */
  #temporalMotion(x: number, y: number): Motion | null {
    const { references, pts } = this.packet;
    const held = references.map((slot) => this.slots.get(slot));
    const collocated = held.at(-1);
    const block = collocated?.modes.macroblocks[(y >> 1) * this.frame.columns + (x >> 1)];
    const motion = block?.subBlocks[2 * (y & 1) + (x & 1)]?.motion ?? null;
    if (collocated === undefined || motion === null) return null;
    const used = motion.reference === 1 ? 1 : 0;
    const vector = motion.vectors[used];
    const end = collocated.referencePts[used];
    if (vector === null || end === undefined || end === collocated.pts) return null;
    const vectors = held.map((kept) => {
      const k = scaleOf(pts - (kept?.pts ?? 0n), collocated.pts - end);
      const stretch = (v: number): number => Math.min(Math.max((k * v + 128) >> 8, -8192), 8191);
      return { x: stretch(vector.x), y: stretch(vector.y) };
    });
    return { reference: references.length === 2 ? 2 : 0, vectors: [vectors[0] ?? null, vectors[1] ?? null] };
  }

  #newMotion(neighbours: readonly (SubBlock | undefined)[], temporal: Motion | null, width: number): SubBlock {
    const r = (subBlock: SubBlock | undefined): number =>
      subBlock === undefined ? 0 : subBlock.motion === null ? 1 : 2 + subBlock.motion.reference;
    const context = 25 * width + 5 * r(neighbours[0]) + r(neighbours[1]);
    const isOne = this.packet.references.length < 2;
    const reference = (isOne ? 0 : this.tables.mode(this.stream, 'reference', context, 100 + width)) as 0 | 1 | 2;
    const motion: Motion = { reference, vectors: [null, null] };
    for (const slot of [0, 1] as const) {
      if (reference !== 2 && reference !== slot) continue;
      const predicted = predictedVector(neighbours, slot, temporal);
      const vectors = neighbours.map((neighbour) => neighbour?.motion?.vectors[slot] ?? null);
      const y = temporal === null ? 0 : 1;
      const across = this.#difference(vectors, 'x', 0, predicted.x, y);
      const u = 1 + [1, 3, 5].filter((limit) => across.class >= limit).length;
      const down = this.#difference(vectors, 'y', u, predicted.y, y);
      const vector = { x: predicted.x + across.value, y: predicted.y + down.value };
      for (const part of [vector.x, vector.y]) must(part >= -8192 && part <= 8191, 'vector');
      motion.vectors[slot] = vector;
    }
    return { motion, intraMode: null };
  }

  #difference(
    vectors: readonly (Vector | null)[],
    component: 'x' | 'y',
    u: number,
    predicted: number,
    hasTemporal: number,
  ): { class: number; value: number } {
    const values = vectors.flatMap((vector) => (vector === null ? [] : [vector[component]]));
    const spread = Math.max(...values) - Math.min(...values);
    const g = values.length === 0 ? 0 : 1 + [1, 2, 5, 12, 40].filter((limit) => spread >= limit).length;
    const y = [1, 8, 40].filter((limit) => Math.abs(predicted) >= limit).length;
    const c = this.tables.mode(this.stream, 'motionClass', 7 * u + g, 35 + 8 * u + 2 * y + hasTemporal);
    if (c === 0) return { class: 0, value: 0 };
    const magnitude = 2 ** (c - 1) + this.stream.bits(c - 1);
    return { class: c, value: this.stream.bits(1) === 1 ? -magnitude : magnitude };
  }
}

/** l of "Modes". */
function levelOf(lumaGroups: number): number {
  return [1, 4, 7, 10].filter((limit) => lumaGroups >= limit).length;
}

/** d of "Motion": lists that are too short end in their last motion. */
function distanceOf(candidates: readonly Motion[], index: number): number {
  const first = candidates[0] ?? zeroMotion;
  const other = candidates[index] ?? candidates.at(-1) ?? zeroMotion;
  if (other.reference !== first.reference) return 5;
  let sum = 0;
  for (const slot of [0, 1] as const) {
    for (const component of ['x', 'y'] as const) {
      sum += Math.abs((other.vectors[slot]?.[component] ?? 0) - (first.vectors[slot]?.[component] ?? 0));
    }
  }
  return [1, 3, 9, 33].filter((limit) => sum >= limit).length;
}

const zeroMotion: Motion = { reference: 0, vectors: [{ x: 0, y: 0 }, null] };

/** k of "Temporal motion": 256 a / b, rounded, within its limits. */
function scaleOf(a: bigint, b: bigint): number {
  if (b < 0n) return scaleOf(-a, -b);
  const [numerator, denominator] = [512n * a + b, 2n * b];
  const remainder = ((numerator % denominator) + denominator) % denominator;
  const rounded = (numerator - remainder) / denominator;
  return Number(rounded < -1024n ? -1024n : rounded > 1023n ? 1023n : rounded);
}

function candidatesOf(neighbours: readonly (SubBlock | undefined)[], temporal: Motion | null): Motion[] {
  const candidates: Motion[] = [];
  const [left, above, aboveRight] = neighbours.map((neighbour) => neighbour?.motion ?? null);
  for (const motion of [left, above, temporal, aboveRight, zeroMotion]) {
    if (motion === null || motion === undefined) continue;
    const isNew = candidates.every((other) => JSON.stringify(other) !== JSON.stringify(motion));
    if (isNew) candidates.push(motion);
  }
  return candidates;
}

function predictedVector(neighbours: readonly (SubBlock | undefined)[], slot: 0 | 1, temporal: Motion | null): Vector {
  const vectors = neighbours.map((neighbour) => neighbour?.motion?.vectors[slot] ?? null);
  const used = vectors.filter((vector) => vector !== null);
  if (used.length === 1) return used[0] as Vector;
  const absent = temporal?.vectors[slot] ?? { x: 0, y: 0 };
  const median = (component: 'x' | 'y'): number =>
    vectors.map((vector) => (vector ?? absent)[component]).sort((a, b) => a - b)[1] ?? 0;
  return { x: median('x'), y: median('y') };
}
