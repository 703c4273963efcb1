/** Width and height of a macroblock, luma samples. */
export const MACROBLOCK = 16;
/** Width and height of one of its four sub-blocks, luma samples. */
export const SUB_BLOCK = MACROBLOCK / 2;
/** Width and height of a macroblock in a chroma plane. */
export const CHROMA_BLOCK = MACROBLOCK / 2;

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
