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
const TAPS = 2;

/** Size of what the kernel `rateDistortion` writes. */
const ESTIMATE_BYTES = 12;

/** How well one frame is predicted from another, one value per macroblock. */
export interface MotionField {
  /** Never more than the intra cost. */
  readonly cost: Float32Array;
  /** Share of what is coded in a block that takes over the reference's quality, 0..1. */
  readonly followed: Float32Array;
  /** [macroblocks, 2]: vectors to the other frame, quarter samples of the half-size plane; whole ones to a frame further away than the next. */
  readonly motion: Int16Array;
  /** SATD of the prediction as a share of intra prediction's, which stands in for it in blocks where it is less: 0..1. */
  readonly share: number;
  /**
   * The same without that limit: about 1 where all motion is noise, 1.4 and more where two pictures have nothing in
   * common.
   */
  readonly wholeShare: number;
}

/** How well a frame is predicted from one before and one after it. */
export interface BidirectionalCosts {
  /** Of the best of both directions and their average. */
  readonly cost: Float32Array;
  /** Which one that is: 0 past, 1 future, 2 average. */
  readonly choice: Uint8Array;
  /** Share of what is coded in a block that takes over the quality of its references, 0..1. */
  readonly followed: Float32Array;
}

/** A frame that waits to be coded, on half-size luma. */
export interface LookAheadFrame {
  /** Position in display order. */
  readonly display: number;
  /** Cost of each macroblock without prediction from other frames. */
  readonly intra: Float32Array;
  /** Coefficients of each macroblock that are worth coding, on the half-size plane: up to 64. */
  readonly coded: Float32Array;
  /** True if the frame has too little in common with the one before to be predicted from it. */
  readonly isSceneCut: boolean;
}

interface Frame extends LookAheadFrame {
  /** Half-size luma, extended on all sides. */
  readonly plane: Samples;
  /** SATD of intra prediction, by macroblock. */
  readonly intraSatd: Float32Array;
  readonly fields: Map<number, MotionField>;
  readonly averages: Map<string, BidirectionalCosts>;
  /** Share of the prediction from the frame before; 1 in the first frame. */
  change: number;
  isSceneCut: boolean;
}

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
  /** A block of zeros. */
  readonly #zeros: Pointer;
  /** Searches in the frame before or behind, whose costs find scene cuts, and in others. */
  readonly #nearMotion: MotionSearch;
  readonly #farMotion: MotionSearch;
  readonly #wanted = new BlockView();
  readonly #place = new BlockView();
  readonly #limits: MotionLimits = { minX: 0, maxX: 0, minY: 0, maxY: 0 };
  readonly #predicted: Vector = { x: 0, y: 0 };
  readonly #predictions: readonly [Pointer, Pointer];
  /** Three float32 that the kernel `rateDistortion` writes. */
  readonly #estimate: Pointer;
  /** What squares of 8x8 Hadamard coefficients are multiplied by to be variances in units of a coded one's error. */
  #scale: number;
  readonly #freePlanes: Samples[] = [];
  readonly #frames = new Map<number, Frame>();
  #count = 0;

  /** @param step quantiser step of most frames, samples. */
  constructor(kernels: Kernels, grid: MacroblockGrid, settings: LookAheadSettings, step: number) {
    this.#kernels = kernels;
    this.#grid = grid;
    this.#settings = settings;
    this.#width = grid.codedWidth / 2;
    this.#height = grid.codedHeight / 2;
    this.#stride = this.#width + 2 * BORDER;
    this.#full = kernels.allocate(grid.codedWidth * grid.codedHeight);
    // Bilinear quarter-sample taps: precise enough to compare costs.
    const taps = new Int16Array(PHASES * TAPS);
    for (let phase = 0; phase < PHASES; phase++) taps.set([64 - 16 * phase, 16 * phase], phase * TAPS);
    this.#taps = kernels.store(taps);
    this.#flat = kernels.allocate(BLOCK_SAMPLES);
    this.#zeros = kernels.allocate(BLOCK_SAMPLES);
    this.#nearMotion = new MotionSearch(kernels, settings.searchSteps, settings.directions);
    this.#nearMotion.useTaps(this.#taps, TAPS);
    this.#farMotion = new MotionSearch(kernels, settings.searchSteps, 0);
    this.#predictions = [kernels.allocate(BLOCK_SAMPLES), kernels.allocate(BLOCK_SAMPLES)];
    this.#estimate = kernels.allocate(ESTIMATE_BYTES);
    this.#scale = this.#scaleOf(step);
  }

  /** Begins anew: forgets all frames. `step` as in the constructor. */
  restart(step: number): void {
    for (const { plane } of this.#frames.values()) this.#freePlanes.push(plane);
    this.#frames.clear();
    this.#count = 0;
    this.#scale = this.#scaleOf(step);
  }

  /** Takes the next frame in display order; `y` is its visible luma. It is kept until it is released. */
  analyse(y: Uint8Array): LookAheadFrame {
    const { rows, columns } = this.#grid;
    const plane = this.#freePlanes.pop() ?? this.#allocatePlane();
    this.#load(y, plane);
    const blocks = rows * columns;
    const intra = new Float32Array(blocks);
    const coded = new Float32Array(blocks);
    const intraSatd = new Float32Array(blocks);
    for (let at = 0; at < blocks; at++) this.#analyseBlock(plane, at, intra, coded, intraSatd);
    const display = this.#count++;
    const frame: Frame = {
      ...{ display, intra, coded, intraSatd, plane, fields: new Map(), averages: new Map() },
      ...{ change: 1, isSceneCut: false },
    };
    this.#frames.set(display, frame);
    const previous = this.#frames.get(display - 1);
    if (previous !== undefined) {
      const field = this.predict(frame, previous);
      frame.change = field.share;
      frame.isSceneCut = this.#beginsScene(frame, field, previous.change);
    }
    return frame;
  }

  /**
   * Forgets how a key frame is predicted from the frame before it, from which motion search in later frames would begin:
   * what comes behind a key frame is coded alike whether it is coded with the frames before it or alone.
   */
  forgetPast({ display }: LookAheadFrame): void {
    this.#frames.get(display)!.fields.clear();
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
    const frame = this.#frames.get(display)!;
    const known = frame.fields.get(reference.display);
    if (known !== undefined) return known;
    const { rows, columns } = this.#grid;
    const blocks = rows * columns;
    const searched = {
      cost: new Float32Array(blocks),
      followed: new Float32Array(blocks),
      motion: new Int16Array(2 * blocks),
    };
    const from = this.#frames.get(reference.display)!;
    let satd = 0;
    let limited = 0;
    for (let at = 0; at < blocks; at++) {
      const found = this.#search(frame, from, at, searched);
      satd += found;
      limited += Math.min(frame.intraSatd[at]!, found);
    }
    const intra = sum(frame.intraSatd);
    const field = { ...searched, share: limited / intra, wholeShare: satd / intra };
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
    const followed = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column;
        const [first, second] = [fields[0].cost[at]!, fields[1].cost[at]!];
        const both = this.#averageCost(frame, planes, fields, row, column);
        choice[at] = both < first && both < second ? 2 : second < first ? 1 : 0;
        cost[at] = Math.min(first, second, both);
        followed[at] = choice[at] === 2 ? this.#followedShare() : fields[choice[at]]!.followed[at]!;
      }
    }
    const result = { cost, choice, followed };
    frame.averages.set(key, result);
    return result;
  }

  /** Noise-like motion costs as much as a cut, but it costs the same in the frame before. */
  #beginsScene({ intraSatd }: Frame, { share, wholeShare }: MotionField, before: number): boolean {
    const { sceneCut, sceneJump, unrelated, flat, floorCost } = this.#settings;
    if (share <= sceneCut || share * sum(intraSatd) <= flat * floorCost * intraSatd.length) return false;
    return share > sceneJump * before || wholeShare > unrelated;
  }

  /** The transform has a gain of 64 in energy; a coefficient of the half-size plane is half of one of the whole. */
  #scaleOf(step: number): number {
    return 4 / (64 * this.#settings.distortion * step ** 2);
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

  /** Writes what a block costs by itself: against its own mean. */
  #analyseBlock(plane: Samples, at: number, intra: Float32Array, coded: Float32Array, intraSatd: Float32Array): void {
    const { columns } = this.#grid;
    const stride = this.#stride;
    const from = plane.at + Math.floor(at / columns) * BLOCK * stride + (at % columns) * BLOCK;
    const memory = this.#kernels.u8;
    const total = this.#kernels.call.blockSad(from, stride, this.#zeros, BLOCK, BLOCK);
    memory.fill((total + BLOCK_SAMPLES / 2) >> SAMPLES_SHIFT, this.#flat, this.#flat + BLOCK_SAMPLES);
    const { intraGain, floorCost, intraCost } = this.#settings;
    intraSatd[at] = intraGain * this.#kernels.call.blockSatd(from, stride, this.#flat, BLOCK, BLOCK) + floorCost;
    intra[at] = intraCost * this.#estimateCost(from, this.#flat, BLOCK, 0);
    coded[at] = this.#kernels.f32[(this.#estimate >> 2) + 1]!;
  }

  /** Cost of predicting a block from another one that carries `noise`, leaving more in {@link #estimate}. */
  #estimateCost(block: Pointer, prediction: Pointer, stride: number, noise: number): number {
    this.#kernels.call.rateDistortion(block, this.#stride, prediction, stride, this.#scale, noise, this.#estimate);
    return this.#kernels.f32[this.#estimate >> 2]!;
  }

  /** Of what is coded in the block estimated last, the share that follows its reference. */
  #followedShare(): number {
    const at = this.#estimate >> 2;
    const coded = this.#kernels.f32[at + 1]!;
    return coded > 0 ? this.#kernels.f32[at + 2]! / coded : 0;
  }

  /** Finds a block of a field's reference: where it lies, or interpolated in `buffer`, packed. */
  #predict(
    { at: origin }: Samples,
    { motion }: Pick<MotionField, 'motion'>,
    row: number,
    column: number,
    buffer: Pointer,
  ): Samples {
    const at = row * this.#grid.columns + column;
    const x = motion[2 * at]!;
    const y = motion[2 * at + 1]!;
    const from = origin + (row * BLOCK + (y >> 2)) * this.#stride + column * BLOCK + (x >> 2);
    if (((x | y) & 3) === 0) return { at: from, stride: this.#stride };
    const { call } = this.#kernels;
    call.compensate(from, this.#stride, buffer, BLOCK, BLOCK, BLOCK, this.#taps, TAPS, x & 3, y & 3);
    return { at: buffer, stride: BLOCK };
  }

  /** Searches one macroblock, writes what is found into the field and returns its SATD. */
  #search(frame: Frame, reference: Frame, at: number, field: Omit<MotionField, 'share' | 'wholeShare'>): number {
    const { columns } = this.#grid;
    const row = Math.floor(at / columns);
    const column = at % columns;
    const { motion } = field;
    const distance = frame.display - reference.display;
    const search = Math.abs(distance) === 1 ? this.#nearMotion : this.#farMotion;
    search.clearStarts();
    search.addStart(0, 0);
    if (column > 0) addStart(search, motion, at - 1, 1);
    if (row > 0) addStart(search, motion, at - columns, 1);
    if (row > 0 && column + 1 < columns) addStart(search, motion, at - columns + 1, 1);
    // Motion goes on as it was: from the frame before to the same reference, or from this one to the frame before.
    const before = this.#frames.get(frame.display - 1);
    if (distance === 1) {
      addStart(search, before?.fields.get(frame.display - 2)?.motion, at, 1);
    } else {
      addStart(search, frame.fields.get(frame.display - 1)?.motion, at, distance);
      addStart(search, before?.fields.get(reference.display)?.motion, at, 1);
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
    const { singleNoise, floorCost } = this.#settings;
    const prediction = this.#predict(reference.plane, field, row, column, this.#predictions[0]);
    const estimate = this.#estimateCost(wanted.at, prediction.at, prediction.stride, singleNoise);
    const intra = frame.intra[at]!;
    field.cost[at] = Math.min(intra, estimate);
    field.followed[at] = estimate < intra ? this.#followedShare() : 0;
    return cost + floorCost;
  }

  /** Cost of the average of two predictions. */
  #averageCost(
    frame: Frame,
    planes: readonly [Samples, Samples],
    fields: readonly [MotionField, MotionField],
    row: number,
    column: number,
  ): number {
    const [average] = this.#predictions;
    const first = this.#predict(planes[0], fields[0], row, column, this.#predictions[0]);
    const second = this.#predict(planes[1], fields[1], row, column, this.#predictions[1]);
    const { call } = this.#kernels;
    call.averageBlocks(first.at, first.stride, second.at, second.stride, average, BLOCK, BLOCK, BLOCK);
    const { averageNoise, averageCost } = this.#settings;
    const block = frame.plane.at + row * BLOCK * this.#stride + column * BLOCK;
    return this.#estimateCost(block, average, BLOCK, averageNoise) + averageCost;
  }
}

/** Lets a search begin from a vector of a field, times `scale`; does nothing if there is no field. */
function addStart(search: MotionSearch, motion: Int16Array | undefined, at: number, scale: number): void {
  if (motion !== undefined) search.addStart(scale * motion[2 * at]!, scale * motion[2 * at + 1]!);
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
