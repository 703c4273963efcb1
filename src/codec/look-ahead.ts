import { BlockView, type Samples } from '../kernels/block-view.js';
import type { Kernels, Pointer } from '../kernels/kernels.js';
import { MotionSearch, type MotionLimits, type Vector } from '../kernels/motion-search.js';
import type { LookAheadSettings } from './look-ahead-settings.js';
import { MACROBLOCK, shiftOf, type MacroblockGrid } from './macroblock-grid.js';
import { BORDER, writePlane } from './planes.js';

/** Vectors may point this far outside, samples; taps read further on the right and below. */
const OUTSIDE = 20;
/** Block size on the half-size plane: one macroblock. */
const BLOCK = MACROBLOCK / 2;
const BLOCK_SAMPLES = BLOCK ** 2;
const SAMPLES_SHIFT = shiftOf(BLOCK_SAMPLES);
/** Positions between two samples that vectors tell apart, and taps of each. */
const PHASES = 4;
const TAPS = 8;

/** How well one frame is predicted from another, one value per macroblock. */
export interface MotionField {
  /** Never more than the intra cost. */
  readonly cost: Float32Array;
  /** [macroblocks, 2]: vectors to the other frame, quarter samples of the half-size plane. */
  readonly motion: Int16Array;
}

/** How well a frame is predicted from one before and one after it. */
export interface BidirectionalCosts {
  /** Of the best of both directions and their average. */
  readonly cost: Float32Array;
  /** Which one that is: 0 past, 1 future, 2 average. */
  readonly choice: Uint8Array;
}

/** A frame that waits to be coded, on half-size luma. */
export interface LookAheadFrame {
  /** Position in display order. */
  readonly display: number;
  /** Cost of each macroblock without prediction from other frames, SATD units. */
  readonly intra: Float32Array;
  /** True if the frame has too little in common with the one before to be predicted from it. */
  readonly isSceneCut: boolean;
}

/** A field with what its search found, all macroblocks together, which may cost more than intra prediction. */
interface SearchedField extends MotionField {
  total: number;
}

interface Frame extends LookAheadFrame {
  /** Half-size luma, extended on all sides. */
  readonly plane: Samples;
  readonly fields: Map<number, SearchedField>;
  readonly averages: Map<string, BidirectionalCosts>;
  change: Change;
  isSceneCut: boolean;
}

/** What a frame costs when it is predicted from the one before, as a share of its intra cost. */
interface Change {
  /** With the intra cost in blocks where that is less: at most 1. */
  readonly limited: number;
  /** Without: about 1 where all motion is noise, 1.4 and more where two pictures have nothing in common. */
  readonly whole: number;
  /** True if hardly any block has texture. */
  readonly isFlat: boolean;
}

/** Of the first frame. */
const NO_CHANGE_KNOWN: Change = { limited: 1, whole: 1, isFlat: false };

/**
 * Estimates, before frames are coded, how well each macroblock is predicted from other frames (encoder only), by
 * motion search on half-size luma.
 */
export class LookAhead {
  readonly #kernels: Kernels;
  readonly #grid: MacroblockGrid;
  readonly #settings: LookAheadSettings;
  readonly #width: number;
  readonly #height: number;
  readonly #stride: number;
  readonly #full: Pointer;
  readonly #taps: Pointer;
  readonly #flat: Pointer;
  readonly #motion: MotionSearch;
  readonly #wanted = new BlockView();
  readonly #place = new BlockView();
  readonly #limits: MotionLimits = { minX: 0, maxX: 0, minY: 0, maxY: 0 };
  readonly #predicted: Vector = { x: 0, y: 0 };
  readonly #predictions: readonly [Pointer, Pointer];
  readonly #freePlanes: Samples[] = [];
  readonly #frames = new Map<number, Frame>();
  #count = 0;

  constructor(kernels: Kernels, grid: MacroblockGrid, settings: LookAheadSettings) {
    this.#kernels = kernels;
    this.#grid = grid;
    this.#settings = settings;
    this.#width = grid.codedWidth / 2;
    this.#height = grid.codedHeight / 2;
    this.#stride = this.#width + 2 * BORDER;
    this.#full = kernels.allocate(grid.codedWidth * grid.codedHeight);
    // Bilinear quarter-sample taps: precise enough to compare costs.
    const taps = new Int16Array(PHASES * TAPS);
    for (let phase = 0; phase < PHASES; phase++) {
      taps[phase * TAPS + 3] = 64 - 16 * phase;
      taps[phase * TAPS + 4] = 16 * phase;
    }
    this.#taps = kernels.store(taps);
    this.#flat = kernels.allocate(BLOCK_SAMPLES);
    this.#motion = new MotionSearch(kernels, settings.searchSteps);
    this.#motion.useTaps(this.#taps);
    this.#predictions = [kernels.allocate(BLOCK_SAMPLES), kernels.allocate(BLOCK_SAMPLES)];
  }

  /** Takes the next frame in display order; `y` is its visible luma. It is kept until it is released. */
  analyse(y: Uint8Array): LookAheadFrame {
    const { rows, columns } = this.#grid;
    const plane = this.#freePlanes.pop() ?? this.#allocatePlane();
    this.#load(y, plane);
    const intra = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++)
        intra[row * columns + column] = this.#intraCost(plane, row, column);
    }
    const display = this.#count++;
    const frame: Frame = {
      ...{ display, intra, plane, fields: new Map(), averages: new Map() },
      ...{ change: NO_CHANGE_KNOWN, isSceneCut: false },
    };
    this.#frames.set(display, frame);
    const previous = this.#frames.get(display - 1);
    if (previous !== undefined) {
      frame.change = this.#changeOf(frame, previous);
      frame.isSceneCut = this.#beginsScene(frame.change, previous.change);
    }
    return frame;
  }

  /** Forgets a frame: nothing will be predicted from it or in it any more. */
  release({ display }: LookAheadFrame): void {
    const frame = this.#frames.get(display);
    if (frame === undefined) return;
    this.#freePlanes.push(frame.plane);
    this.#frames.delete(display);
  }

  /** Prediction of a frame from another one, before or after it. */
  predict({ display }: LookAheadFrame, reference: LookAheadFrame): MotionField {
    return this.#fieldOf(this.#frames.get(display)!, reference);
  }

  #fieldOf(frame: Frame, reference: LookAheadFrame): SearchedField {
    const known = frame.fields.get(reference.display);
    if (known !== undefined) return known;
    const { rows, columns } = this.#grid;
    const field = { cost: new Float32Array(rows * columns), motion: new Int16Array(2 * rows * columns), total: 0 };
    const from = this.#frames.get(reference.display)!;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) this.#search(frame, from, row, column, field);
    }
    frame.fields.set(reference.display, field);
    return field;
  }

  /** Prediction of a frame from one before and one after it, or from both. */
  predictBoth({ display }: LookAheadFrame, past: LookAheadFrame, future: LookAheadFrame): BidirectionalCosts {
    const frame = this.#frames.get(display)!;
    const key = `${past.display} ${future.display}`;
    const known = frame.averages.get(key);
    if (known !== undefined) return known;
    const { rows, columns } = this.#grid;
    const planes = [this.#frames.get(past.display)!.plane, this.#frames.get(future.display)!.plane] as const;
    const fields = [this.predict(frame, past), this.predict(frame, future)] as const;
    const cost = new Float32Array(rows * columns);
    const choice = new Uint8Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column;
        const [first, second] = [fields[0].cost[at]!, fields[1].cost[at]!];
        const both = this.#averageCost(frame, planes, fields, row, column);
        choice[at] = both < first && both < second ? 2 : second < first ? 1 : 0;
        cost[at] = Math.min(first, second, both);
      }
    }
    const result = { cost, choice };
    frame.averages.set(key, result);
    return result;
  }

  #changeOf(frame: Frame, previous: Frame): Change {
    const { cost, total } = this.#fieldOf(frame, previous);
    const intra = sum(frame.intra);
    const { flat, floorCost } = this.#settings;
    return { limited: sum(cost) / intra, whole: total / intra, isFlat: sum(cost) <= flat * floorCost * cost.length };
  }

  /** Noise-like motion costs as much as a cut, but it costs the same in the frame before. */
  #beginsScene(change: Change, before: Change): boolean {
    const { sceneCut, sceneJump, unrelated } = this.#settings;
    if (change.isFlat || change.limited <= sceneCut) return false;
    return change.limited > sceneJump * before.limited || change.whole > unrelated;
  }

  #allocatePlane(): Samples {
    const stride = this.#stride;
    const at = this.#kernels.allocate(stride * (this.#height + 2 * BORDER)) + BORDER * stride + BORDER;
    return { at, stride };
  }

  #load(y: Uint8Array, plane: Samples): void {
    const { width, height, codedWidth, codedHeight } = this.#grid;
    const full = { at: this.#full, stride: codedWidth, width: codedWidth, height: codedHeight };
    writePlane(this.#kernels.u8, full, y, width, height);
    const { call } = this.#kernels;
    call.halve(this.#full, codedWidth, plane.at, plane.stride, this.#width, this.#height);
    call.extendEdges(plane.at, plane.stride, this.#width, this.#height, BORDER);
  }

  /** SATD against the block's own mean. */
  #intraCost(plane: Samples, row: number, column: number): number {
    const at = plane.at + row * BLOCK * this.#stride + column * BLOCK;
    const memory = this.#kernels.u8;
    let total = 0;
    for (let y = 0; y < BLOCK; y++) {
      for (let x = 0; x < BLOCK; x++) total += memory[at + y * this.#stride + x]!;
    }
    memory.fill((total + BLOCK_SAMPLES / 2) >> SAMPLES_SHIFT, this.#flat, this.#flat + BLOCK_SAMPLES);
    const { intraGain, floorCost } = this.#settings;
    return intraGain * this.#kernels.call.blockSatd(at, this.#stride, this.#flat, BLOCK, BLOCK) + floorCost;
  }

  /** Searches one macroblock and writes what is found into the field. */
  #search(frame: Frame, reference: Frame, row: number, column: number, field: SearchedField): void {
    const { columns } = this.#grid;
    const at = row * columns + column;
    const { motion } = field;
    const search = this.#motion;
    search.clearStarts();
    search.addStart(0, 0);
    if (column > 0) this.#addStart(motion, at - 1, 1);
    if (row > 0) this.#addStart(motion, at - columns, 1);
    if (row > 0 && column + 1 < columns) this.#addStart(motion, at - columns + 1, 1);
    // Motion goes on as it was: from the frame before to the same reference, or from this one to the frame before.
    const before = this.#frames.get(frame.display - 1);
    const distance = frame.display - reference.display;
    if (distance === 1) {
      this.#addStart(before?.fields.get(frame.display - 2)?.motion, at, 1);
    } else {
      this.#addStart(frame.fields.get(frame.display - 1)?.motion, at, distance);
      this.#addStart(before?.fields.get(reference.display)?.motion, at, 1);
    }
    const left = column * BLOCK;
    const top = row * BLOCK;
    const predicted = column > 0 ? at - 1 : row > 0 ? at - columns : -1;
    this.#predicted.x = predicted < 0 ? 0 : motion[2 * predicted]!;
    this.#predicted.y = predicted < 0 ? 0 : motion[2 * predicted + 1]!;
    const limits = this.#limits;
    limits.minX = -left - OUTSIDE;
    limits.maxX = this.#width - left - BLOCK + OUTSIDE - 4;
    limits.minY = -top - OUTSIDE;
    limits.maxY = this.#height - top - BLOCK + OUTSIDE - 4;
    const wanted = this.#wanted.moveTo(frame.plane, top, left, BLOCK);
    const place = this.#place.moveTo(reference.plane, top, left, BLOCK);
    const cost = search.search(wanted, place, limits, this.#predicted, this.#settings.vectorWeight);
    motion[2 * at] = search.found.x;
    motion[2 * at + 1] = search.found.y;
    field.total += cost + this.#settings.floorCost;
    field.cost[at] = Math.min(frame.intra[at]!, cost + this.#settings.floorCost);
  }

  /** Lets the search begin from a vector of a field, times `scale`; does nothing if there is no field. */
  #addStart(motion: Int16Array | undefined, at: number, scale: number): void {
    if (motion !== undefined) this.#motion.addStart(scale * motion[2 * at]!, scale * motion[2 * at + 1]!);
  }

  /** Cost of the average of two predictions. */
  #averageCost(
    frame: Frame,
    planes: readonly [Samples, Samples],
    fields: readonly [MotionField, MotionField],
    row: number,
    column: number,
  ): number {
    const { call } = this.#kernels;
    const at = row * this.#grid.columns + column;
    const offset = row * BLOCK * this.#stride + column * BLOCK;
    for (let i = 0; i < 2; i++) {
      const x = fields[i]!.motion[2 * at]!;
      const y = fields[i]!.motion[2 * at + 1]!;
      const from = planes[i]!.at + offset + (y >> 2) * this.#stride + (x >> 2);
      call.compensate(from, this.#stride, this.#predictions[i]!, BLOCK, BLOCK, BLOCK, this.#taps, TAPS, x & 3, y & 3);
    }
    const [first, second] = this.#predictions;
    call.averageBlocks(first, BLOCK, second, BLOCK, first, BLOCK, BLOCK, BLOCK);
    const { floorCost, averageCost } = this.#settings;
    return call.blockSatd(frame.plane.at + offset, this.#stride, first, BLOCK, BLOCK) + floorCost + averageCost;
  }
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
