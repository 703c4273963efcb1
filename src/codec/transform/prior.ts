import { ESCAPE } from '../../entropy/magnitude.js';
import type { Network } from '../../model/network.js';
import type { FrameHeader } from '../frame-header.js';
import { isFirstOfBlock } from './block-order.js';
import {
  AVERAGE,
  BLOCK_16,
  blockQ,
  CHROMA_TOKENS,
  isIntra,
  SKIP,
  TOKENS_PER_BLOCK,
  type FrameTokens,
} from './frame-tokens.js';
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
/** The neighbours that belong to the other pass. */
const OTHER_PASS = AROUND.slice(0, 4);
const ROW_WORDS = TOKENS_PER_BLOCK / 4;
/** Quarter samples, the units of vectors, in a macroblock's width, and the shift from them to macroblocks. */
const MACROBLOCK_UNITS = 4 * MACROBLOCK;
const MACROBLOCK_SHIFT = shiftOf(MACROBLOCK_UNITS);
/** A flag that is set. */
const YES = 64;
/** What each doubling of a neighbour's size adds to `isThere`. */
const LARGER = 32;

/** code(m) = round(16 log2(1 + min(m, 15))): how magnitudes enter the prior. */
const MAGNITUDE_CODE = Uint8Array.of(0, 16, 25, 32, 37, 41, 45, 48, 51, 53, 55, 57, 59, 61, 63, 64);

/** The two graphs of a prior. */
export interface PriorGraphs {
  readonly first: Pick<Network, 'run'>;
  readonly second: Pick<Network, 'run'>;
}

/** The memory of a frame [rows, columns, 384]: codes of earlier magnitudes, moved along the motion. */
export type TokenMemory = Uint8Array<ArrayBuffer>;

/** Scales of the coded macroblocks of one pass. */
export interface Scales {
  /** [macroblocks, 384], 0..31. */
  readonly scale: Uint8Array;
  /** [rows, columns]: the index of the macroblock in `scales`; -1 if it is not in this pass. */
  readonly index: Int32Array;
}

/**
 * The prior of one frame (FORMAT.md section 9). Only coded macroblocks are evaluated: `first` gives the scales of pass
 * 0. `second` reads the tokens of pass 0 and gives the scales of pass 1.
 */
export class FramePrior {
  /** The reference's memory moved by the motion, [rows, columns, 384]. */
  readonly memory: TokenMemory;
  readonly #header: FrameHeader;
  readonly #tokens: FrameTokens;
  readonly #intraClass: Uint8Array;
  /** Positions of the coded macroblocks. */
  readonly #coded: Int32Array;
  #features: Uint8Array = new Uint8Array(0);
  readonly #scales: Uint8Array[] = [];

  /**
   * @param tokens modes and motion must be known already.
   * @param intraClass uint8 [intraModes] of the pack.
   * @param memories memories of referenceSlot0 and referenceSlot1, null where the frame has none.
   */
  constructor(
    header: FrameHeader,
    tokens: FrameTokens,
    intraClass: Uint8Array,
    memories: readonly [TokenMemory | null, TokenMemory | null],
  ) {
    this.#header = header;
    this.#intraClass = intraClass;
    this.#tokens = tokens;
    this.memory = movedMemory(tokens, memories);
    this.#coded = codedBlocks(tokens);
  }

  /** Returns the scales for pass 0. */
  async first({ first }: PriorGraphs): Promise<Scales> {
    const coded = this.#coded;
    const count = coded.length;
    const index = indexOf(coded, this.#tokens.type.length);
    if (count === 0) return { scale: new Uint8Array(0), index };
    const memory = new Uint8Array(count * TOKENS_PER_BLOCK);
    const [from, to] = [wordsOf(this.memory), wordsOf(memory)];
    for (let row = 0; row < count; row++) copyWords(from, coded[row]!, to, row);
    const result = await first.run({
      block: { data: this.#blockRows(), dims: [count, BLOCK_FIELDS] },
      around: { data: this.#aroundRows(), dims: [count, AROUND.length * NEIGHBOUR_FIELDS] },
      memory: { data: memory, dims: [count, TOKENS_PER_BLOCK] },
    });
    this.#features = result.features!.data;
    return { scale: this.#keep(result.scale!.data), index };
  }

  /** Returns the scales for pass 1. Call it after {@link first}; the tokens of pass 0 must be known. */
  async second({ second }: PriorGraphs): Promise<Scales> {
    const { columns } = this.#tokens.geometry;
    const rows: number[] = [];
    this.#coded.forEach((at, row) => {
      if (passOf(at, columns) === 1) rows.push(row);
    });
    const coded = new Int32Array(rows.length);
    rows.forEach((row, to) => (coded[to] = this.#coded[row]!));
    const index = indexOf(coded, this.#tokens.type.length);
    if (coded.length === 0) return { scale: new Uint8Array(0), index };
    const width = this.#features.length / this.#coded.length;
    const features = new Uint8Array(coded.length * width);
    rows.forEach((row, to) => features.set(this.#features.subarray(row * width, (row + 1) * width), to * width));
    const result = await second.run({
      features: { data: features, dims: [coded.length, width] },
      neighbours: { data: this.#neighbourRows(coded), dims: [coded.length, 4 * TOKENS_PER_BLOCK] },
    });
    return { scale: this.#keep(result.scale!.data), index };
  }

  /** Returns the memory for the slot that this frame refreshes; all tokens must be known. */
  nextMemory(): TokenMemory {
    const { coefficients } = this.#tokens;
    const { memory } = this;
    const next = new Uint8Array(memory.length);
    // Most macroblocks have no tokens: fade everything, then go back to those that have. Four bytes at a time, since
    // (7 m) >> 3 = m - ((m + 7) >> 3) and no value exceeds 64.
    const words = wordsOf(memory);
    const faded = wordsOf(next);
    for (let i = 0; i < faded.length; i++) {
      const word = words[i]!;
      faded[i] = word - (((word + 0x07070707) >> 3) & 0x1f1f1f1f);
    }
    for (const at of this.#coded) {
      const end = (at + 1) * TOKENS_PER_BLOCK;
      for (let i = at * TOKENS_PER_BLOCK; i < end; i++) {
        next[i] = Math.max(magnitudeCode(coefficients[i]!), (3 * memory[i]!) >> 2);
      }
    }
    return next;
  }

  /** Returns all its buffers, so that the caller can free them when the frame is coded. */
  buffers(): ArrayBuffer[] {
    return [this.memory, this.#features, ...this.#scales].map(({ buffer }) => buffer as ArrayBuffer);
  }

  #keep(scales: Uint8Array): Uint8Array {
    this.#scales.push(scales);
    return scales;
  }

  /** [coded, 32]: values that describe each macroblock. */
  #blockRows(): Uint8Array {
    const rows = new Uint8Array(this.#coded.length * BLOCK_FIELDS);
    this.#coded.forEach((at, row) => {
      describeBlock(this.#header, this.#tokens, this.#intraClass, at, rows, row * BLOCK_FIELDS);
    });
    return rows;
  }

  /** [coded, 8, 6]: values that describe their neighbours. */
  #aroundRows(): Uint8Array {
    const tokens = this.#tokens;
    const rows = new Uint8Array(this.#coded.length * AROUND.length * NEIGHBOUR_FIELDS);
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

  /** [coded, 4, 384]: codes of the tokens of the left, above, right and below neighbours. */
  #neighbourRows(coded: Int32Array): Uint8Array {
    const tokens = this.#tokens;
    const rows = new Uint8Array(coded.length * 4 * TOKENS_PER_BLOCK);
    let to = 0;
    for (const at of coded) {
      for (const offset of OTHER_PASS) {
        const neighbour = neighbourOf(tokens, at, offset);
        if (neighbour >= 0) writeCodes(tokens, neighbour, rows, to);
        to += TOKENS_PER_BLOCK;
      }
    }
    return rows;
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

function passOf(at: number, columns: number): number {
  return (Math.floor(at / columns) + (at % columns)) & 1;
}

function indexOf(positions: Int32Array, blocks: number): Int32Array {
  const index = new Int32Array(blocks).fill(-1);
  positions.forEach((at, row) => (index[at] = row));
  return index;
}

/** Returns the positions of the coded blocks. */
function codedBlocks(tokens: FrameTokens): Int32Array {
  const { geometry, lumaGroups, chromaGroups } = tokens;
  const { rows, columns } = geometry;
  const found = new Int32Array(rows * columns);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      if (lumaGroups[at]! + chromaGroups[at]! > 0 && isFirstOfBlock(tokens, row, column)) found[count++] = at;
    }
  }
  return found.subarray(0, count);
}

/** The words of rows of {@link TOKENS_PER_BLOCK} bytes. Views of single rows would be garbage by the hundred in each frame. */
function wordsOf({ buffer }: Uint8Array): Int32Array {
  return new Int32Array(buffer);
}

/** Copies a row of a macroblock. */
function copyWords(from: Int32Array, row: number, to: Int32Array, toRow: number): void {
  const end = (row + 1) * ROW_WORDS;
  for (let at = row * ROW_WORDS, target = toRow * ROW_WORDS; at < end; at++, target++) to[target] = from[at]!;
}

function neighbourOf(tokens: FrameTokens, at: number, [dy, dx]: Offset): number {
  const { rows, columns } = tokens.geometry;
  const row = Math.floor(at / columns) + dy;
  const column = (at % columns) + dx;
  return row < 0 || row >= rows || column < 0 || column >= columns ? -1 : row * columns + column;
}

function magnitudeCode(token: number): number {
  return MAGNITUDE_CODE[Math.min(ESCAPE, token < 0 ? -token : token)]!;
}

function writeCodes(tokens: FrameTokens, at: number, target: Uint8Array, to: number): void {
  const { coefficients, lumaGroups, chromaGroups } = tokens;
  const base = at * TOKENS_PER_BLOCK;
  const start = lumaGroups[at]! > 0 ? 0 : CHROMA_TOKENS;
  const end = chromaGroups[at]! > 0 ? TOKENS_PER_BLOCK : CHROMA_TOKENS;
  for (let i = start; i < end; i++) target[to + i] = magnitudeCode(coefficients[base + i]!);
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

function movedMemory(tokens: FrameTokens, memories: readonly [TokenMemory | null, TokenMemory | null]): TokenMemory {
  const { rows, columns } = tokens.geometry;
  const moved = new Uint8Array(rows * columns * TOKENS_PER_BLOCK);
  const to = wordsOf(moved);
  const from = memories.map((memory) => (memory === null ? null : wordsOf(memory)));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      if (isIntra(tokens.type[at]!)) continue;
      const sub = 4 * row * columns + 2 * column;
      const slot = tokens.referenceIndex[sub] === 1 ? 1 : 0;
      const memory = from[slot] ?? null;
      if (memory === null) continue;
      const mvx = tokens.motion[sub * 4 + slot * 2]!;
      const mvy = tokens.motion[sub * 4 + slot * 2 + 1]!;
      const fromColumn = movedPosition(column, mvx, columns);
      const fromRow = movedPosition(row, mvy, rows);
      copyWords(memory, fromRow * columns + fromColumn, to, at);
    }
  }
  return moved;
}

/** Returns the index of the macroblock, out of `count`, that a vector component points to from `position`. */
function movedPosition(position: number, component: number, count: number): number {
  const moved = (MACROBLOCK_UNITS * position + component + MACROBLOCK_UNITS / 2) >> MACROBLOCK_SHIFT;
  return Math.max(0, Math.min(count - 1, moved));
}
