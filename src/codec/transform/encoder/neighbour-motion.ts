import { BlockView } from '../../../kernels/block-view.js';
import type { Kernels, Pointer } from '../../../kernels/kernels.js';
import { MotionSearch, type MotionLimits, type Vector } from '../../../kernels/motion-search.js';
import { MACROBLOCK } from '../../macroblock-grid.js';
import type { Plane } from '../../planes.js';
import type { Geometry } from '../frame-tokens.js';
import { CHROMA_PHASES, CHROMA_TAPS, LUMA_PHASES, type PackTables } from '../pack-tables.js';
import type { TemporalFilterSettings } from './settings.js';

/** Vectors may point this far outside, samples; taps read further on the right and below. */
const OUTSIDE = 20;

/** Vectors of macroblocks to a neighbouring frame: [macroblocks, 2], quarter samples. */
export type NeighbourField = Int16Array;

/** A source picture, one beside it, and what is known of the motion between them. */
export interface NeighbourJob {
  readonly source: Plane;
  /** Extended on all sides. */
  readonly neighbour: Plane;
  /** Vectors to the neighbour; those left of a macroblock and above it are known. */
  readonly field: NeighbourField;
  /** Vectors to the frame before the neighbour on the way to it, or null if the neighbour is the first. */
  readonly nearer: NeighbourField | null;
  /** Distance of the neighbour, as a multiple of that frame's. */
  readonly scale: number;
}

/** Finds macroblocks of a source picture in pictures beside it, fast: with a short filter, at few places. */
export class NeighbourMotion {
  readonly #columns: number;
  readonly #vectorWeight: number;
  readonly #search: MotionSearch;
  readonly #wanted = new BlockView();
  readonly #place = new BlockView();
  readonly #limits: MotionLimits = { minX: 0, maxX: 0, minY: 0, maxY: 0 };
  readonly #predicted: Vector = { x: 0, y: 0 };

  constructor(kernels: Kernels, geometry: Geometry, pack: PackTables, settings: TemporalFilterSettings) {
    this.#columns = geometry.columns;
    this.#vectorWeight = settings.vectorWeight;
    this.#search = new MotionSearch(kernels, settings.searchSteps, 4);
    this.#search.useTaps(storeQuarterTaps(kernels, pack.interpolationChroma), CHROMA_TAPS);
  }

  /** Searches a macroblock and writes its vector into the field. */
  find(row: number, column: number, { source, neighbour, field, nearer, scale }: NeighbourJob): void {
    const columns = this.#columns;
    const at = row * columns + column;
    const search = this.#search;
    search.clearStarts();
    search.addStart(0, 0);
    if (column > 0) this.#addStart(field, at - 1, 1);
    if (row > 0) this.#addStart(field, at - columns, 1);
    if (row > 0 && column + 1 < columns) this.#addStart(field, at - columns + 1, 1);
    if (nearer !== null) this.#addStart(nearer, at, scale);
    this.#predict(row, column, field);
    const top = row * MACROBLOCK;
    const left = column * MACROBLOCK;
    const limits = this.#limits;
    limits.minX = -left - OUTSIDE;
    limits.maxX = source.width - left - MACROBLOCK + OUTSIDE - 4;
    limits.minY = -top - OUTSIDE;
    limits.maxY = source.height - top - MACROBLOCK + OUTSIDE - 4;
    const wanted = this.#wanted.moveTo(source, top, left, MACROBLOCK);
    const place = this.#place.moveTo(neighbour, top, left, MACROBLOCK);
    search.search(wanted, place, limits, this.#predicted, this.#vectorWeight);
    field[2 * at] = search.found.x;
    field[2 * at + 1] = search.found.y;
  }

  /** Gives a macroblock the vector of the one before it, so that those behind it begin from there. */
  pass(row: number, column: number, { field }: NeighbourJob): void {
    const at = row * this.#columns + column;
    this.#predict(row, column, field);
    field[2 * at] = this.#predicted.x;
    field[2 * at + 1] = this.#predicted.y;
  }

  /** Predicts a macroblock's vector: that of the one on the left, else of the one above, else 0. */
  #predict(row: number, column: number, field: NeighbourField): void {
    const at = row * this.#columns + column;
    const from = column > 0 ? at - 1 : at - this.#columns;
    this.#predicted.x = from < 0 ? 0 : field[2 * from]!;
    this.#predicted.y = from < 0 ? 0 : field[2 * from + 1]!;
  }

  /** Lets the search begin from a vector of a field, times `scale`. */
  #addStart(field: NeighbourField, at: number, scale: number): void {
    this.#search.addStart(Math.round(scale * field[2 * at]!), Math.round(scale * field[2 * at + 1]!));
  }
}

/** The chroma filter's phases at quarters of a sample: int16 [4, 4]. */
function storeQuarterTaps(kernels: Kernels, chroma: Int8Array): Pointer {
  const taps = new Int16Array(LUMA_PHASES * CHROMA_TAPS);
  for (let phase = 0; phase < LUMA_PHASES; phase++) {
    const from = phase * (CHROMA_PHASES / LUMA_PHASES) * CHROMA_TAPS;
    taps.set(chroma.subarray(from, from + CHROMA_TAPS), phase * CHROMA_TAPS);
  }
  return kernels.store(taps);
}
