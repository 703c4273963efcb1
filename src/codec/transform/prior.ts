import type { Kernels, Pointer } from '../../kernels/kernels.js';
import type { Network } from '../../model/network.js';
import type { FrameHeader } from '../frame-header.js';
import { isFirstOfBlock } from './block-order.js';
import {
  AVERAGE,
  BLOCK_16,
  blockQ,
  CHROMA_LIMIT,
  CHROMA_TOKENS,
  isIntra,
  LUMA_LIMIT,
  SKIP,
  TOKENS_PER_BLOCK,
  type FrameTokens,
  type Geometry,
} from './frame-tokens.js';
import { GrowingRegion } from './growing-region.js';
import { MACROBLOCK, shiftOf } from '../macroblock-grid.js';
import { AROUND, type Offset } from '../neighbours.js';

/** Values that describe a macroblock itself to the prior (FORMAT.md section 9). */
export const BLOCK_FIELDS = 32;
/** Where they stand; `type`, `intraClass` and `size` begin one-hot groups, the last without a value for 16x16. */
const BLOCK = {
  isInter: 0,
  q: 1,
  type: 2,
  transform: 7,
  lumaGroups: 8,
  chromaGroups: 9,
  hasNewMotion: 10,
  usesAverage: 11,
  isThere: 12,
  intraClass: 13,
  size: 29,
} as const;
/** Values that describe each of its eight neighbours. */
const NEIGHBOUR_FIELDS = 6;
/** The positions of these values. */
const NEIGHBOUR = { isThere: 0, isIntra: 1, isSkip: 2, transform: 3, lumaGroups: 4, chromaGroups: 5 } as const;
/** Quarter samples, the units of vectors, in a macroblock's width, and the shift from them to macroblocks. */
const MACROBLOCK_UNITS = 4 * MACROBLOCK;
const MACROBLOCK_SHIFT = shiftOf(MACROBLOCK_UNITS);
/** A flag that is set. */
const YES = 64;
/** What each doubling of a neighbour's size adds to `isThere`. */
const LARGER = 32;

/** Tokens whose scales are computed together. */
const GROUP = 8;

/** code(m) = round(16 log2(1 + min(m, 15))): how magnitudes enter the prior. */
export const MAGNITUDE_CODE = Uint8Array.of(0, 16, 25, 32, 37, 41, 45, 48, 51, 53, 55, 57, 59, 61, 63, 64);

/** The two graphs of a prior. */
export interface PriorGraphs {
  readonly first: Pick<Network, 'run'>;
  readonly second: Pick<Network, 'run'>;
}

/** Scales of the coded macroblocks of one pass. */
export interface Scales {
  /** [macroblocks, 384], 0..31. */
  readonly scale: Uint8Array;
  /** [rows, columns]: the index of the macroblock in `scales`; -1 if it is not in this pass. */
  readonly index: Int32Array;
}

/** Kernel memory of the prior's inputs and of what it remembers, used again for each frame: fresh memory is slow. */
export class PriorMemory {
  /** Address of the memory of a macroblock that remembers nothing. */
  readonly nothing: Pointer;
  readonly block: GrowingRegion;
  readonly around: GrowingRegion;
  readonly memory: GrowingRegion;
  readonly neighbours: GrowingRegion;
  /** By slot: the address of the memory [rows, columns, 384] of the frame there: codes of earlier magnitudes. */
  readonly #slots = new Map<number, Pointer>();
  readonly #free: Pointer[] = [];
  readonly #bytes: number;

  /**
   * @param codes address of uint8 [rows, columns, 384]: codes of the tokens of the frame that have been coded, 0 for others.
   */
  constructor(
    readonly kernels: Kernels,
    { rows, columns }: Geometry,
    readonly codes: Pointer,
  ) {
    this.#bytes = rows * columns * TOKENS_PER_BLOCK;
    this.nothing = kernels.allocate(TOKENS_PER_BLOCK);
    this.block = new GrowingRegion(kernels);
    this.around = new GrowingRegion(kernels);
    this.memory = new GrowingRegion(kernels);
    this.neighbours = new GrowingRegion(kernels);
  }

  /** Returns the memory of the frame in a slot; undefined if it is empty. */
  ofSlot(slot: number): Pointer | undefined {
    return this.#slots.get(slot);
  }

  /** Returns where the memory of the next frame in a slot is to be written; what was there is good until the next call. */
  fill(slot: number): Pointer {
    const at = this.#free.pop() ?? this.kernels.allocate(this.#bytes);
    const before = this.#slots.get(slot);
    if (before !== undefined) this.#free.push(before);
    this.#slots.set(slot, at);
    return at;
  }

  /** Empties all slots. */
  clear(): void {
    this.#free.push(...this.#slots.values());
    this.#slots.clear();
  }
}

/**
 * The prior of one frame (FORMAT.md section 9). Only coded macroblocks are evaluated: `first` gives the scales of pass
 * 0. `second` reads the tokens of pass 0 and gives the scales of pass 1. Use it before that of the next frame is made.
 */
export class FramePrior {
  readonly #header: FrameHeader;
  readonly #tokens: FrameTokens;
  readonly #intraClass: Uint8Array;
  readonly #memory: PriorMemory;
  /** [rows, columns]: address of the memory of the macroblock that each one's motion points to. */
  readonly #sources: Int32Array;
  /** Positions of the coded macroblocks. */
  readonly #coded: Int32Array;
  #features: Uint8Array = new Uint8Array(0);

  /**
   * @param tokens modes and motion must be known already.
   * @param intraClass uint8 [intraModes] of the pack.
   * @param references memories of referenceSlot0 and referenceSlot1, null where the frame has none.
   */
  constructor(
    header: FrameHeader,
    tokens: FrameTokens,
    intraClass: Uint8Array,
    memory: PriorMemory,
    references: readonly [Pointer | null, Pointer | null],
  ) {
    this.#header = header;
    this.#intraClass = intraClass;
    this.#tokens = tokens;
    this.#memory = memory;
    this.#sources = sourcesOf(tokens, references, memory.nothing);
    this.#coded = codedBlocks(tokens);
  }

  /** The references' memory moved by the motion, [rows, columns, 384]; good until the next frame is coded. */
  movedMemory(): Uint8Array {
    const result = new Uint8Array(this.#sources.length * TOKENS_PER_BLOCK);
    this.#sources.forEach((from, at) => {
      result.set(this.#memory.kernels.bytes(from, TOKENS_PER_BLOCK), at * TOKENS_PER_BLOCK);
    });
    return result;
  }

  /** Returns the scales for pass 0. */
  async first({ first }: PriorGraphs): Promise<Scales> {
    const coded = this.#coded;
    const count = coded.length;
    const index = indexOf(coded, this.#tokens.type.length);
    if (count === 0) return { scale: new Uint8Array(0), index };
    const inputs = {
      block: { data: this.#blockRows(), dims: [count, BLOCK_FIELDS] },
      around: { data: this.#aroundRows(), dims: [count, AROUND.length * NEIGHBOUR_FIELDS] },
      memory: { data: this.#memoryRows(), dims: [count, TOKENS_PER_BLOCK] },
    };
    const result = await first.run(inputs, this.#wantedGroups(coded));
    this.#features = result.features!.data;
    return { scale: result.scale!.data, index };
  }

  /** Returns the scales for pass 1. Call it once, after {@link first}; the tokens of pass 0 must be known. */
  async second({ second }: PriorGraphs): Promise<Scales> {
    const { columns } = this.#tokens.geometry;
    const all = this.#coded;
    const coded = secondPass(all, columns);
    const index = indexOf(coded, this.#tokens.type.length);
    if (coded.length === 0) return { scale: new Uint8Array(0), index };
    const width = this.#features.length / all.length;
    // The rows of pass 1 move to the front, where they lie: nothing else needs the others.
    let to = 0;
    for (let row = 0; row < all.length; row++) {
      if (passOf(all[row]!, columns) === 0) continue;
      this.#features.copyWithin(to, row * width, (row + 1) * width);
      to += width;
    }
    const inputs = {
      features: { data: this.#features.subarray(0, to), dims: [coded.length, width] },
      neighbours: { data: this.#neighbourRows(coded), dims: [coded.length, 4 * TOKENS_PER_BLOCK] },
    };
    const result = await second.run(inputs, this.#wantedGroups(coded));
    return { scale: result.scale!.data, index };
  }

  /** Writes the memory for the slot that this frame refreshes; all tokens must be known. */
  writeNextMemory(slot: number): void {
    const { kernels, codes } = this.#memory;
    const sources = this.#sources;
    const next = this.#memory.fill(slot);
    // Most macroblocks have no tokens: fade everything, then go back to those that have. Macroblocks side by side that
    // move alike fade at once.
    let start = 0;
    while (start < sources.length) {
      const from = sources[start]!;
      let count = 1;
      while (sources[start + count] === from + count * TOKENS_PER_BLOCK) count++;
      kernels.call.fadeMemory(from, next + start * TOKENS_PER_BLOCK, count * TOKENS_PER_BLOCK);
      start += count;
    }
    for (let row = 0; row < this.#coded.length; row++) {
      const at = this.#coded[row]!;
      const place = at * TOKENS_PER_BLOCK;
      kernels.call.renewMemory(codes + place, sources[at]!, next + place, TOKENS_PER_BLOCK);
    }
  }

  /** [coded, 48]: 1 for groups of 8 tokens of which at least one is coded; others need no scale. */
  #wantedGroups(coded: Int32Array): Uint8Array {
    const { lumaGroups, chromaGroups } = this.#tokens;
    const groups = TOKENS_PER_BLOCK / GROUP;
    const wanted = new Uint8Array(coded.length * groups);
    coded.forEach((at, row) => {
      const luma = row * groups;
      const chroma = luma + CHROMA_TOKENS / GROUP;
      wanted.fill(1, luma, luma + Math.ceil(LUMA_LIMIT[lumaGroups[at]!]! / GROUP));
      wanted.fill(1, chroma, chroma + Math.ceil(CHROMA_LIMIT[chromaGroups[at]!]! / GROUP));
    });
    return wanted;
  }

  /** Memory for rows of an input, with any contents. */
  #rows(region: GrowingRegion, bytes: number): Uint8Array {
    const at = region.take(bytes);
    return this.#memory.kernels.bytes(at, bytes);
  }

  /** [coded, 32]: values that describe each macroblock. */
  #blockRows(): Uint8Array {
    const rows = this.#rows(this.#memory.block, this.#coded.length * BLOCK_FIELDS).fill(0);
    this.#coded.forEach((at, row) => {
      describeBlock(this.#header, this.#tokens, this.#intraClass, at, rows, row * BLOCK_FIELDS);
    });
    return rows;
  }

  /** [coded, 8, 6]: values that describe their neighbours. */
  #aroundRows(): Uint8Array {
    const tokens = this.#tokens;
    const rows = this.#rows(this.#memory.around, this.#coded.length * AROUND.length * NEIGHBOUR_FIELDS).fill(0);
    let to = 0;
    for (const at of this.#coded) {
      for (const offset of AROUND) {
        const neighbour = neighbourOf(tokens, at, offset);
        if (neighbour >= 0) {
          const type = tokens.type[neighbour]!;
          rows[to + NEIGHBOUR.isThere] = YES + LARGER * tokens.blockSize[neighbour]!;
          rows[to + NEIGHBOUR.isIntra] = isIntra(type) ? YES : 0;
          rows[to + NEIGHBOUR.isSkip] = type === SKIP ? YES : 0;
          rows[to + NEIGHBOUR.transform] = YES * tokens.transform[neighbour]!;
          rows[to + NEIGHBOUR.lumaGroups] = 4 * tokens.lumaGroups[neighbour]!;
          rows[to + NEIGHBOUR.chromaGroups] = 8 * tokens.chromaGroups[neighbour]!;
        }
        to += NEIGHBOUR_FIELDS;
      }
    }
    return rows;
  }

  /** [coded, 384]: the references' memory. */
  #memoryRows(): Uint8Array {
    const { kernels, memory } = this.#memory;
    const at = memory.take(this.#coded.length * TOKENS_PER_BLOCK);
    this.#coded.forEach((block, row) => {
      copyRow(kernels, this.#sources[block]!, at + row * TOKENS_PER_BLOCK);
    });
    return kernels.bytes(at, this.#coded.length * TOKENS_PER_BLOCK);
  }

  /** [coded, 4, 384]: codes of the tokens of the left, above, right and below neighbours. */
  #neighbourRows(coded: Int32Array): Uint8Array {
    const tokens = this.#tokens;
    const { kernels, codes, neighbours, nothing } = this.#memory;
    const length = coded.length * 4 * TOKENS_PER_BLOCK;
    const start = neighbours.take(length);
    let to = start;
    for (const at of coded) {
      // Only these four neighbours belong to the other pass.
      for (let side = 0; side < 4; side++) {
        const neighbour = neighbourOf(tokens, at, AROUND[side]!);
        copyRow(kernels, neighbour < 0 ? nothing : codes + neighbour * TOKENS_PER_BLOCK, to);
        to += TOKENS_PER_BLOCK;
      }
    }
    return kernels.bytes(start, length);
  }
}

/**
 * Writes the 32 values of the macroblock at `at` (raster position) that the prior sees: planes 0..31 of FORMAT.md
 * section 9.
 */
export function describeBlock(
  header: FrameHeader,
  tokens: FrameTokens,
  intraClass: Uint8Array,
  at: number,
  target: Uint8Array,
  to: number,
): void {
  const { columns } = tokens.geometry;
  const row = Math.floor(at / columns);
  const column = at % columns;
  const type = tokens.type[at]!;
  target[to + BLOCK.isInter] = header.kind === 'inter' ? YES : 0;
  target[to + BLOCK.q] = blockQ(tokens, header.q, row, column);
  target[to + BLOCK.type + type] = YES;
  target[to + BLOCK.transform] = YES * tokens.transform[at]!;
  target[to + BLOCK.lumaGroups] = 4 * tokens.lumaGroups[at]!;
  target[to + BLOCK.chromaGroups] = 8 * tokens.chromaGroups[at]!;
  target[to + BLOCK.hasNewMotion] = YES * tokens.hasNewMotion[at]!;
  target[to + BLOCK.isThere] = YES;
  const size = tokens.blockSize[at]!;
  if (size > BLOCK_16) target[to + BLOCK.size + size - 1] = YES;
  const sub = 4 * row * columns + 2 * column;
  if (isIntra(type)) {
    target[to + BLOCK.intraClass + intraClass[tokens.intraMode[sub]!]!] = YES;
  } else {
    if (usesAverage(tokens, sub)) target[to + BLOCK.usesAverage] = YES;
  }
}

/** Positions of the first macroblocks of all blocks with tokens. */
function codedBlocks(tokens: FrameTokens): Int32Array {
  const { geometry, lumaGroups, chromaGroups } = tokens;
  const positions = new Int32Array(lumaGroups.length);
  let count = 0;
  for (let at = 0; at < lumaGroups.length; at++) {
    if (lumaGroups[at]! + chromaGroups[at]! === 0) continue;
    if (isFirstOfBlock(tokens, Math.floor(at / geometry.columns), at % geometry.columns)) positions[count++] = at;
  }
  return positions.subarray(0, count);
}

/** Returns the positions that belong to pass 1. */
function secondPass(coded: Int32Array, columns: number): Int32Array {
  const positions = new Int32Array(coded.length);
  let count = 0;
  for (let row = 0; row < coded.length; row++) {
    if (passOf(coded[row]!, columns) === 1) positions[count++] = coded[row]!;
  }
  return positions.subarray(0, count);
}

/** Copies the 384 bytes of a macroblock. */
function copyRow({ call }: Kernels, from: Pointer, to: Pointer): void {
  call.copyBlock(from, 0, to, 0, TOKENS_PER_BLOCK, 1);
}

function passOf(at: number, columns: number): number {
  return (Math.floor(at / columns) + (at % columns)) & 1;
}

function indexOf(positions: Int32Array, blocks: number): Int32Array {
  const index = new Int32Array(blocks).fill(-1);
  positions.forEach((at, row) => (index[at] = row));
  return index;
}

function neighbourOf(tokens: FrameTokens, at: number, [dy, dx]: Offset): number {
  const { rows, columns } = tokens.geometry;
  const row = Math.floor(at / columns) + dy;
  const column = (at % columns) + dx;
  return row < 0 || row >= rows || column < 0 || column >= columns ? -1 : row * columns + column;
}

function usesAverage(tokens: FrameTokens, sub: number): boolean {
  const stride = tokens.geometry.columns * 2;
  const { referenceIndex: reference } = tokens;
  return (
    reference[sub] === AVERAGE ||
    reference[sub + 1] === AVERAGE ||
    reference[sub + stride] === AVERAGE ||
    reference[sub + stride + 1] === AVERAGE
  );
}

/** Returns the address of the memory that each macroblock takes over; those without motion remember nothing. */
function sourcesOf(
  tokens: FrameTokens,
  references: readonly [Pointer | null, Pointer | null],
  nothing: Pointer,
): Int32Array {
  const { rows, columns } = tokens.geometry;
  const sources = new Int32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      sources[row * columns + column] = sourceOf(tokens, references, row, column) ?? nothing;
    }
  }
  return sources;
}

/** Address of the memory of the macroblock that a macroblock's motion points to; null if there is none. */
function sourceOf(
  tokens: FrameTokens,
  references: readonly [Pointer | null, Pointer | null],
  row: number,
  column: number,
): Pointer | null {
  const { rows, columns } = tokens.geometry;
  if (isIntra(tokens.type[row * columns + column]!)) return null;
  const sub = 4 * row * columns + 2 * column;
  const slot = tokens.referenceIndex[sub] === 1 ? 1 : 0;
  const memory = references[slot];
  if (memory === null) return null;
  const mvx = tokens.motion[sub * 4 + slot * 2]!;
  const mvy = tokens.motion[sub * 4 + slot * 2 + 1]!;
  const from = movedPosition(row, mvy, rows) * columns + movedPosition(column, mvx, columns);
  return memory + from * TOKENS_PER_BLOCK;
}

/** Returns the index of the macroblock, out of `count`, that a vector component points to from `position`. */
function movedPosition(position: number, component: number, count: number): number {
  const moved = (MACROBLOCK_UNITS * position + component + MACROBLOCK_UNITS / 2) >> MACROBLOCK_SHIFT;
  return Math.max(0, Math.min(count - 1, moved));
}
