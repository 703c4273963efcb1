/** Width and height of a cell, luma samples. */
const CELL = 8;
/** The number of pictures of a token grid, except for the first token grid of a chunk. */
export const GROUP = 4;

/** Frames of the longest chunk: 1 + 4k, at most `keyint`. */
export function chunkLength(keyint: number): number {
  return keyint - ((keyint - 1) % GROUP);
}

/** The parity of row and column of the cells of each pass (FORMAT.md section 13). */
const PASSES: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [0, 1],
  [1, 0],
];

/** The grid of cells of a picture: 8x8 luma samples and one token for each cell. */
export class CellGrid {
  readonly columns: number;
  readonly rows: number;
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** The cells of each pass, as positions in raster order. */
  readonly passes: readonly Int32Array[];

  /** @param width, height size of the visible picture in luma samples. */
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.columns = Math.ceil(width / CELL);
    this.rows = Math.ceil(height / CELL);
    this.codedWidth = this.columns * CELL;
    this.codedHeight = this.rows * CELL;
    this.passes = PASSES.map(([top, left]) => {
      const cells: number[] = [];
      for (let row = top; row < this.rows; row += 2) {
        for (let column = left; column < this.columns; column += 2) cells.push(row * this.columns + column);
      }
      return Int32Array.from(cells);
    });
  }

  /** The number of tokens of a token grid. */
  get cells(): number {
    return this.rows * this.columns;
  }
}
