/** Width and height of a macroblock, luma samples. */
export const MACROBLOCK = 16;
/** Width and height of one of its four sub-blocks, luma samples. */
export const SUB_BLOCK = MACROBLOCK / 2;
/** Width and height of a macroblock in a chroma plane. */
export const CHROMA_BLOCK = MACROBLOCK / 2;
/** Samples of each of these blocks. */
export const MACROBLOCK_SAMPLES = MACROBLOCK ** 2;
export const SUB_BLOCK_SAMPLES = SUB_BLOCK ** 2;
export const CHROMA_BLOCK_SAMPLES = CHROMA_BLOCK ** 2;

/** Shift that divides by `size`, a power of two. */
export function shiftOf(size: number): number {
  return 31 - Math.clz32(size);
}

/** The macroblocks that cover a picture. */
export class MacroblockGrid {
  readonly columns: number;
  readonly rows: number;
  /** Size in whole macroblocks, luma samples. */
  readonly codedWidth: number;
  readonly codedHeight: number;

  /** @param width, height size of the visible picture in luma samples. */
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.columns = Math.ceil(width / MACROBLOCK);
    this.rows = Math.ceil(height / MACROBLOCK);
    this.codedWidth = this.columns * MACROBLOCK;
    this.codedHeight = this.rows * MACROBLOCK;
  }
}
