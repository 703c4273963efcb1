import { CHROMA_BLOCK_SAMPLES, MACROBLOCK, MACROBLOCK_SAMPLES, MacroblockGrid, shiftOf } from '../macroblock-grid.js';

/** Width and height of a region of the loop filter, luma samples. */
export const REGION = 64;
/** Shift from macroblocks to regions. */
const REGION_SHIFT = shiftOf(REGION / MACROBLOCK);
/** Luma tokens of a macroblock, 256 (FORMAT.md section 5). */
export const LUMA_TOKENS = MACROBLOCK_SAMPLES;
/** Index of the first chroma token. */
export const CHROMA_TOKENS = LUMA_TOKENS;
/** Tokens of a macroblock: 256 luma, then 128 chroma. */
export const TOKENS_PER_BLOCK = LUMA_TOKENS + 2 * CHROMA_BLOCK_SAMPLES;
/** Luma tokens coded for each value of `lumaGroups`. */
export const LUMA_LIMIT: readonly number[] = [0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256];
/** Chroma tokens coded for each value of `chromaGroups`. */
export const CHROMA_LIMIT: readonly number[] = [0, 2, 4, 8, 16, 32, 64, 96, 128];

/** Values of `FrameTokens.type`. */
export const SKIP = 0;
export const INTER16 = 1;
export const INTER8 = 2;
export const INTRA16 = 3;
export const INTRA8 = 4;

/** Values of `FrameTokens.blockSize`: log2 of a block's width in macroblocks. */
export const BLOCK_16 = 0;
export const BLOCK_32 = 1;
export const BLOCK_64 = 2;

/** Value of `FrameTokens.reference` in sub-blocks without motion. */
export const NO_REFERENCE = -1;
/** Value of `FrameTokens.reference` where both references are averaged. */
export const AVERAGE = 2;

/** Fields of one motion: reference, x0, y0, x1, y1. */
export const MOTION_FIELDS = 5;
/** Components of motion vectors lie in -MOTION_LIMIT .. MOTION_LIMIT - 1 quarter samples. */
export const MOTION_LIMIT = 8192;

/** Largest q; the smallest is 0. */
export const Q_LIMIT = 63;
/** Offsets of regions lie in -Q_OFFSET_LIMIT .. Q_OFFSET_LIMIT. */
export const Q_OFFSET_LIMIT = 8;

/** Zeros: in memory that threads share, V8 copies a block five times as fast as it fills one. */
const NO_COEFFICIENTS = new Int16Array(TOKENS_PER_BLOCK);

/** Size of a picture in the units of the syntax. */
export class Geometry extends MacroblockGrid {
  /** Regions of 64x64 luma samples. */
  readonly regionColumns: number;
  readonly regionRows: number;

  /** @param width, height size of the visible picture in luma samples. */
  constructor(width: number, height: number) {
    super(width, height);
    this.regionColumns = Math.ceil(this.codedWidth / REGION);
    this.regionRows = Math.ceil(this.codedHeight / REGION);
  }

  /** Region of the macroblock in `row`, `column`. */
  regionOf(row: number, column: number): number {
    return (row >> REGION_SHIFT) * this.regionColumns + (column >> REGION_SHIFT);
  }
}

/**
 * All tokens of one frame: modes, motion and transform tokens, as FORMAT.md section 8 names them. A block of 32x32 or 64x64
 * has the same modes in all its macroblocks; its coefficients stand in the first one, top left.
 */
export class FrameTokens {
  /** [rows, columns]: BLOCK_16, BLOCK_32 or BLOCK_64. */
  readonly blockSize: Uint8Array;
  /** [rows, columns]: SKIP, INTER16, INTER8, INTRA16 or INTRA8. */
  readonly type: Uint8Array;
  /** [rows, columns]: 1 if the luma residual is four 8x8 transforms. */
  readonly transform: Uint8Array;
  /** [rows, columns]: the index of the inter basis of the pack. */
  readonly basis: Uint8Array;
  /** [rows, columns]: 0..16, 0..8. */
  readonly lumaGroups: Uint8Array;
  readonly chromaGroups: Uint8Array;
  /** [rows, columns]: 1 if the chroma of an intra block is predicted from its luma. */
  readonly chromaFromLuma: Uint8Array;
  /** [rows, columns]: 1 if a partition has a new motion. */
  readonly hasNewMotion: Uint8Array;
  /** [2 rows, 2 columns]: intra mode of each 8x8 sub-block. */
  readonly intraMode: Uint8Array;
  /** [2 rows, 2 columns]: 0, 1, AVERAGE or NO_REFERENCE. */
  readonly referenceIndex: Int8Array;
  /** [2 rows, 2 columns, 4]: x, y for referenceSlot0, then for referenceSlot1, quarter samples; zero where unused. */
  readonly motion: Int16Array;
  /** [regionRows, regionColumns]: -8..8. */
  readonly qOffset: Int8Array;
  /** [regionRows, regionColumns]: 1 if the loop filter is used. */
  readonly filtered: Uint8Array;
  /** [rows, columns, 384]. */
  readonly coefficients: Int16Array;

  /** @param Buffer the type of buffer of the arrays; all threads that adopt a `SharedArrayBuffer` share it. */
  constructor(
    readonly geometry: Geometry,
    Buffer: new (bytes: number) => ArrayBufferLike = ArrayBuffer,
  ) {
    const blocks = geometry.rows * geometry.columns;
    const regions = geometry.regionRows * geometry.regionColumns;
    // All in one buffer, which is quicker to hand over than many. Arrays of int16 come first, so that all are aligned.
    const buffer = new Buffer(blocks * (2 * TOKENS_PER_BLOCK + 2 * 16 + 4 + 4 + 8) + 2 * regions);
    let at = 0;
    const place = <T>(
      Type: new (buffer: ArrayBufferLike, at: number, length: number) => T,
      length: number,
      bytes = 1,
    ): T => {
      const array = new Type(buffer, at, length);
      at += length * bytes;
      return array;
    };
    this.coefficients = place(Int16Array, blocks * TOKENS_PER_BLOCK, 2);
    this.motion = place(Int16Array, 16 * blocks, 2);
    this.blockSize = place(Uint8Array, blocks);
    this.type = place(Uint8Array, blocks);
    this.transform = place(Uint8Array, blocks);
    this.basis = place(Uint8Array, blocks);
    this.lumaGroups = place(Uint8Array, blocks);
    this.chromaGroups = place(Uint8Array, blocks);
    this.chromaFromLuma = place(Uint8Array, blocks);
    this.hasNewMotion = place(Uint8Array, blocks);
    this.intraMode = place(Uint8Array, 4 * blocks);
    this.referenceIndex = place(Int8Array, 4 * blocks).fill(NO_REFERENCE);
    this.qOffset = place(Int8Array, regions);
    this.filtered = place(Uint8Array, regions);
  }

  /** Makes tokens from the arrays of another thread, without a copy. */
  static adopt(geometry: Geometry, arrays: TokenArrays): FrameTokens {
    return Object.assign(Object.create(FrameTokens.prototype) as FrameTokens, arrays, { geometry });
  }

  /** Resets all tokens to the values of a new object. Blocks without groups must have no coefficients, as everywhere. */
  clear(): void {
    for (let block = 0; block < this.lumaGroups.length; block++) this.clearCoefficients(block);
    const { coefficients: _, ...others } = this.arrays();
    for (const array of Object.values(others)) array.fill(0);
    this.referenceIndex.fill(NO_REFERENCE);
  }

  /** Sets the coefficients of a macroblock to 0; those of a block without groups are 0 already. */
  clearCoefficients(block: number): void {
    if (!hasGroups(this, block)) return;
    this.coefficients.set(NO_COEFFICIENTS, block * TOKENS_PER_BLOCK);
  }

  /** Returns a copy of the tokens. Memory that stays 0 is not touched: touching fresh memory is slow. */
  copy(): FrameTokens {
    const result = new FrameTokens(this.geometry);
    const { coefficients, ...others } = this.arrays();
    for (const [name, array] of Object.entries(others)) result[name as keyof typeof others].set(array);
    for (let block = 0; block < this.lumaGroups.length; block++) {
      if (!hasGroups(this, block)) continue;
      const from = block * TOKENS_PER_BLOCK;
      result.coefficients.set(coefficients.subarray(from, from + TOKENS_PER_BLOCK), from);
    }
    return result;
  }

  /** Returns only the arrays, to send them to another thread. */
  arrays(): TokenArrays {
    const { geometry: _, ...arrays } = this;
    return arrays;
  }
}

/** All arrays of {@link FrameTokens}. */
export type TokenArrays = Omit<FrameTokens, 'geometry' | 'arrays' | 'clear' | 'clearCoefficients' | 'copy'>;

function hasGroups({ lumaGroups, chromaGroups }: FrameTokens, block: number): boolean {
  return lumaGroups[block]! + chromaGroups[block]! > 0;
}

/** True if a macroblock type is predicted within the picture. */
export function isIntra(type: number): boolean {
  return type >= INTRA16;
}

/** The q of a macroblock: the frame's plus its region's offset, within 0..63. */
export function blockQ(tokens: FrameTokens, frameQ: number, row: number, column: number): number {
  const q = frameQ + tokens.qOffset[tokens.geometry.regionOf(row, column)]!;
  return Math.max(0, Math.min(Q_LIMIT, q));
}
