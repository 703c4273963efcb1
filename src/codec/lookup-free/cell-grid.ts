/** Luma samples of a cell's side. */
const CELL = 8;
/** Pictures of a token grid, but for the first one of a chunk. */
export const GROUP = 4;

/** Parity of row and column of the cells that each pass reads (FORMAT.md section 13). */
const PASSES: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [0, 1],
  [1, 0],
];

/** A picture in cells of 8x8 luma samples: one token each. */
export class CellGrid {
  readonly columns: number;
  readonly rows: number;
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Cells of each pass, as positions in raster order. */
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

  /** Tokens of a token grid. */
  get cells(): number {
    return this.rows * this.columns;
  }
}
