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
  /** Differences to the predicted vectors, if the motion is new. */
  differences: [Vector | null, Vector | null];
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

/** Section 8, items 1 to 3. */
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
  const qOffsets: number[] = [];
  const filtered: number[] = [];
  for (let region = 0; region < regionColumns * regionRows; region++) {
    qOffsets.push(packet.hasQOffsets ? tables.mode(stream, 'qOffset', 0) - 8 : 0);
  }
  for (let region = 0; region < regionColumns * regionRows; region++) {
    const left = region % regionColumns === 0 ? 0 : (filtered[region - 1] ?? 0);
    const above = filtered[region - regionColumns] ?? 0;
    filtered.push(packet.hasLoopFilter ? tables.mode(stream, 'filtered', left + above) : 0);
  }
  const macroblocks = Array.from({ length: rows * columns }, () => undefined);
  const frame: FrameModes = { rows, columns, blocks: [], macroblocks };
  const reader = new ModeReader(stream, tables, pack, packet, frame, slots);
  for (let region = 0; region < regionColumns * regionRows; region++) {
    const q = Math.min(Math.max(packet.q + (qOffsets[region] ?? 0), 0), 63);
    const [row, column] = [Math.floor(region / regionColumns), region % regionColumns];
    reader.readSquare({ row: 4 * row, column: 4 * column, size: 2 }, q, filtered[region] === 1);
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
  readSquare(square: Square, q: number, isFiltered: boolean): void {
    const { row, column, size } = square;
    const { rows, columns } = this.frame;
    if (row >= rows || column >= columns) return;
    const width = 2 ** size;
    const isInside = row + width <= rows && column + width <= columns;
    if (size === 0 || (isInside && !this.#isSplit(square))) {
      this.#readBlock(square, q, isFiltered);
      return;
    }
    for (const [down, right] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const quarter = { row: row + (down * width) / 2, column: column + (right * width) / 2, size: size - 1 };
      this.readSquare(quarter, q, isFiltered);
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
    const smaller = this.#beside(square).filter((other) => other !== undefined && other.size < square.size).length;
    const context = (this.packet.isKey ? 6 : 0) + 3 * (square.size - 1) + smaller;
    return this.tables.mode(this.stream, 'split', context) === 1;
  }

  #readBlock(square: Square, q: number, isFiltered: boolean): void {
    const { row, column, size } = square;
    const [left, above] = this.#beside(square);
    const block: Block = {
      ...square,
      type: this.#type(size, left, above),
      q,
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

  #type(size: number, left: Block | undefined, above: Block | undefined): number {
    if (this.packet.isKey) {
      if (size > 0) return INTRA16;
      const context = [left, above].filter((block) => block?.type === INTRA8).length;
      return INTRA16 + this.tables.mode(this.stream, 'typeKey', context);
    }
    const c = (block: Block | undefined): number => {
      if (block === undefined || block.type === SKIP) return 0;
      return isIntra(block.type) ? 2 : 1;
    };
    const context = 3 * c(left) + c(above);
    if (size === 0) return this.tables.mode(this.stream, 'type', context);
    return [SKIP, INTER16, INTRA16][this.tables.mode(this.stream, 'typeLarge', 9 * (size - 1) + context)] ?? SKIP;
  }

  #groups(block: Block, left: Block | undefined, above: Block | undefined): void {
    const { size } = block;
    const k = size === 0 ? block.type - 1 : (isIntra(block.type) ? 5 : 3) + size;
    const a = (left?.lumaGroups ?? 0) + (above?.lumaGroups ?? 0);
    const h = a === 0 ? 0 : a < 5 ? 1 : a < 9 ? 2 : a < 13 ? 3 : a < 21 ? 4 : 5;
    block.lumaGroups = this.tables.mode(this.stream, 'lumaGroups', 6 * k + h);
    if (size === 0 && block.lumaGroups > 0 && block.type !== INTRA8) {
      const count = [left, above].filter((other) => other?.transform === 1 && other.lumaGroups > 0).length;
      block.transform = this.tables.mode(this.stream, 'transform', 3 * k + count);
    }
    if (size === 0 && block.lumaGroups > 0 && !isIntra(block.type)) {
      const name = block.transform === 0 ? '16' : '8';
      const choices = this.pack.table(`interBasis${name}`).values.length;
      if (choices > 1) block.basis = this.tables.mode(this.stream, `basis${name}`, 0);
      must(block.basis < choices, 'basis');
    }
    const chroma = (left?.chromaGroups ?? 0) + (above?.chromaGroups ?? 0);
    const context = 8 * k + (block.lumaGroups > 0 ? 4 : 0) + Math.min(3, (chroma + 1) >> 1);
    block.chromaGroups = this.tables.mode(this.stream, 'chromaGroups', context);
  }

  /** The 8x8 sub-block at this place of the frame's grid of sub-blocks, if it is there and decoded. */
  #subBlock(x: number, y: number): SubBlock | undefined {
    if (x < 0 || y < 0 || x >= 2 * this.frame.columns || y >= 2 * this.frame.rows) return undefined;
    const macroblock = this.frame.macroblocks[(y >> 1) * this.frame.columns + (x >> 1)];
    return macroblock?.subBlocks[2 * (y & 1) + (x & 1)];
  }

  #intraModesOf(block: Block, row: number, column: number): void {
    const m = (subBlock: SubBlock | undefined): number => (subBlock?.intraMode ?? -1) + 1;
    const name = block.type === INTRA16 ? 'intraMode16' : 'intraMode8';
    const count = block.type === INTRA16 ? 1 : 4;
    for (let s = 0; s < count; s++) {
      const x = 2 * column + (s & 1);
      const y = 2 * row + (s >> 1);
      const context = (this.#intraModes + 1) * m(this.#subBlock(x - 1, y)) + m(this.#subBlock(x, y - 1));
      const intraMode = this.tables.mode(this.stream, name, context);
      block.subBlocks.push({ motion: null, differences: [null, null], intraMode });
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
      const context = block.type === SKIP ? size : block.type === INTER16 ? 1 + size : 0;
      const choice = this.tables.mode(this.stream, table, context);
      if (choice < 3) {
        const motion = candidates[choice] ?? candidates.at(-1) ?? zeroMotion;
        block.subBlocks.push({ motion, differences: [null, null], intraMode: null });
      } else {
        block.subBlocks.push(this.#newMotion(neighbours, temporal));
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

  #newMotion(neighbours: readonly (SubBlock | undefined)[], temporal: Motion | null): SubBlock {
    const reference = (this.packet.references.length > 1 ? this.tables.mode(this.stream, 'reference', 0) : 0) as
      0 | 1 | 2;
    const motion: Motion = { reference, vectors: [null, null] };
    const differences: [Vector | null, Vector | null] = [null, null];
    for (const slot of [0, 1] as const) {
      if (reference !== 2 && reference !== slot) continue;
      const difference = {
        x: this.#difference(neighbours, 'x'),
        y: this.#difference(neighbours, 'y'),
      };
      const predicted = predictedVector(neighbours, slot, temporal);
      const vector = { x: predicted.x + difference.x, y: predicted.y + difference.y };
      for (const part of [vector.x, vector.y]) must(part >= -8192 && part <= 8191, 'vector');
      motion.vectors[slot] = vector;
      differences[slot] = difference;
    }
    return { motion, differences, intraMode: null };
  }

  #difference(neighbours: readonly (SubBlock | undefined)[], component: 'x' | 'y'): number {
    const differences = neighbours.slice(0, 2).flatMap((neighbour) => neighbour?.differences ?? []);
    const sum = differences.reduce((total, difference) => total + Math.abs(difference?.[component] ?? 0), 0);
    const h = sum < 3 ? 0 : sum < 33 ? 1 : 2;
    const c = this.tables.mode(this.stream, 'motionClass', (component === 'x' ? 0 : 3) + h);
    if (c === 0) return 0;
    const magnitude = 2 ** (c - 1) + this.stream.bits(c - 1);
    return this.stream.bits(1) === 1 ? -magnitude : magnitude;
  }
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
