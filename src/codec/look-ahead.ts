import { BlockEstimates, ESTIMATE, ESTIMATE_VALUES } from '../kernels/block-estimates.js';
import type { Kernels, Pointer } from '../kernels/kernels.js';
import { MotionSearch } from '../kernels/motion-search.js';
import type { LookAheadSettings } from './look-ahead-settings.js';
import { MACROBLOCK_SAMPLES, type MacroblockGrid } from './macroblock-grid.js';
import { release } from '../platform/threads.js';
import { BORDER, writePlane } from './planes.js';

/** Vectors may point this far outside, samples; taps read further on the right and below. */
const OUTSIDE = 20;
const TAPS_OUTSIDE = 4;
/** Positions between two samples that vectors tell apart, and taps of each. */
const PHASES = 4;
const TAPS = 2;

/** How well one frame is predicted from another, one value per macroblock. */
export interface MotionField {
  /** Never more than the intra cost. */
  readonly cost: Float32Array<ArrayBuffer>;
  /** Share of what is coded in a block that takes over the reference's quality, 0..1. */
  readonly followed: Float32Array<ArrayBuffer>;
  /** [macroblocks, 2]: vectors to the other frame, quarter samples of the half-size plane; whole ones to a frame further away than the next. */
  readonly motion: Int16Array<ArrayBuffer>;
}

/** How well a frame is predicted from one before and one after it. */
export interface BidirectionalCosts {
  /** Of the best of both directions and their average. */
  readonly cost: Float32Array<ArrayBuffer>;
  /** Which one that is: 0 past, 1 future, 2 average. */
  readonly choice: Uint8Array<ArrayBuffer>;
  /** Share of what is coded in a block that takes over the quality of its references, 0..1. */
  readonly followed: Float32Array<ArrayBuffer>;
}

/** A frame that waits to be coded, on half-size luma. */
export interface LookAheadFrame {
  /** Position in display order. */
  readonly display: number;
  /** Cost of each macroblock without prediction from other frames. */
  readonly intra: Float32Array;
  /** Coefficients of each macroblock that are worth coding, on the half-size plane: up to 64. */
  readonly coded: Float32Array;
  /** Variance of the samples of each macroblock of the whole picture; its edges are repeated up to whole macroblocks. */
  readonly variance: Float64Array;
  /**
   * SATD of the prediction from the frame before as a share of intra prediction's, which stands in for it in blocks where it
   * is less: 0..1, in the first frame 1.
   */
  readonly change: number;
  /** True if the frame has too little in common with the one before to be predicted from it. */
  readonly isSceneCut: boolean;
}

interface Frame extends LookAheadFrame {
  /** Half-size luma, extended on all sides. */
  readonly plane: Pointer;
  /** SATD of intra prediction, by macroblock. */
  readonly intraSatd: Float32Array;
  readonly fields: Map<number, MotionField>;
  readonly averages: Map<string, BidirectionalCosts>;
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
  readonly #estimates: BlockEstimates;
  /** int32, a macroblock each: what the kernel `blockVariances` writes. */
  readonly #variances: Pointer;
  /** Searches in the frame before or behind, whose costs find scene cuts, and in others. */
  readonly #nearMotion: MotionSearch;
  readonly #farMotion: MotionSearch;
  /** What squares of 8x8 Hadamard coefficients are multiplied by to be variances in units of a coded one's error. */
  #scale: number;
  readonly #freePlanes: Pointer[] = [];
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
    const tapsAt = kernels.store(taps);
    this.#nearMotion = new MotionSearch(kernels, settings.searchSteps, settings.directions);
    this.#nearMotion.useTaps(tapsAt, TAPS);
    this.#farMotion = new MotionSearch(kernels, settings.searchSteps, 0);
    const { columns, rows } = grid;
    this.#estimates = new BlockEstimates(kernels, {
      ...{ stride: this.#stride, columns, rows, taps: tapsAt, tapCount: TAPS },
      ...{ outsideBefore: OUTSIDE, outsideAfter: OUTSIDE - TAPS_OUTSIDE },
    });
    this.#variances = kernels.allocate(4 * columns * rows);
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
    const plane = this.#freePlanes.pop() ?? this.#allocatePlane();
    this.#load(y, plane);
    const display = this.#count++;
    const frame: Frame = {
      ...{ display, ...this.#analyseBlocks(plane), variance: this.#findVariances(), plane },
      ...{ fields: new Map(), averages: new Map(), change: 1, isSceneCut: false },
    };
    this.#frames.set(display, frame);
    const previous = this.#frames.get(display - 1);
    if (previous !== undefined) this.#compare(frame, previous);
    return frame;
  }

  /**
   * Forgets how a key frame is predicted from the frame before it, from which motion search in later frames would begin:
   * what comes behind a key frame is coded alike whether it is coded with the frames before it or alone.
   */
  forgetPast({ display }: LookAheadFrame): void {
    this.#frames.get(display)!.fields.clear();
  }

  /**
   * Forgets how a frame is predicted: nothing is predicted in it any more, nor in the frame behind it.
   *
   * @param kept arrays of predictions of this frame that are still needed; the memory of all others is freed.
   */
  forgetPredictions({ display }: LookAheadFrame, kept: ReadonlySet<unknown>): void {
    const { fields, averages } = this.#frames.get(display)!;
    const arrays = [
      ...[...fields.values()].flatMap(({ cost, followed, motion }) => [cost, followed, motion]),
      ...[...averages.values()].flatMap(({ cost, followed, choice }) => [cost, followed, choice]),
    ];
    release(arrays.filter((array) => !kept.has(array)).map(({ buffer }) => buffer));
    fields.clear();
    averages.clear();
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
    this.#search(frame, this.#frames.get(reference.display)!);
    const { estimates, motion } = this.#estimates;
    const { intra } = frame;
    const cost = new Float32Array(intra.length);
    const followed = new Float32Array(intra.length);
    for (let at = 0; at < intra.length; at++) {
      const estimate = estimates[ESTIMATE_VALUES * at + ESTIMATE.cost]!;
      cost[at] = Math.min(intra[at]!, estimate);
      followed[at] = estimate < intra[at]! ? followedShare(estimates, at) : 0;
    }
    const field = { cost, followed, motion: motion.slice() };
    frame.fields.set(reference.display, field);
    return field;
  }

  /** Prediction of a frame from one before and one after it, or from both. */
  predictBoth({ display }: LookAheadFrame, past: LookAheadFrame, future: LookAheadFrame): BidirectionalCosts {
    const frame = this.#frames.get(display)!;
    const key = `${past.display} ${future.display}`;
    const known = frame.averages.get(key);
    if (known !== undefined) return known;
    const fields = [this.predict(frame, past), this.predict(frame, future)] as const;
    const [{ cost: first }, { cost: second }] = fields;
    const { estimates, isWanted } = this.#estimates;
    const { averageCost, averageNoise } = this.#settings;
    const cost = first.map((value, at) => Math.min(value, second[at]!));
    // The average has to be cheaper, and it costs at least that.
    for (let at = 0; at < cost.length; at++) isWanted[at] = Number(cost[at]! > averageCost);
    const moved = ([past, future] as const).map(({ display }, index) => ({
      plane: this.#frames.get(display)!.plane,
      motion: fields[index]!.motion,
    }));
    this.#estimates.averages(frame.plane, moved[0]!, moved[1]!, this.#scale, averageNoise);
    const choice = new Uint8Array(cost.length);
    const followed = new Float32Array(cost.length);
    for (let at = 0; at < cost.length; at++) {
      const both = estimates[ESTIMATE_VALUES * at + ESTIMATE.cost]! + averageCost;
      if (isWanted[at] === 1 && both < cost[at]!) {
        choice[at] = 2;
        cost[at] = both;
        followed[at] = followedShare(estimates, at);
      } else {
        choice[at] = Number(second[at]! < first[at]!);
        followed[at] = fields[choice[at] as 0 | 1].followed[at]!;
      }
    }
    const result = { cost, choice, followed };
    frame.averages.set(key, result);
    return result;
  }

  /** Finds out how much of a frame has changed against the one before it, and whether it begins a scene. */
  #compare(frame: Frame, previous: Frame): void {
    this.predict(frame, previous);
    const { intraSatd } = frame;
    const { sceneCut, sceneJump, unrelated, flat, floorCost } = this.#settings;
    // Costs of the search that was just made.
    const { satds } = this.#estimates;
    let intra = 0;
    let whole = 0;
    let limited = 0;
    for (let at = 0; at < intraSatd.length; at++) {
      const satd = satds[at]! + floorCost;
      intra += intraSatd[at]!;
      whole += satd;
      limited += Math.min(intraSatd[at]!, satd);
    }
    frame.change = limited / intra;
    if (frame.change <= sceneCut || frame.change * intra <= flat * floorCost * intraSatd.length) return;
    // Noise-like motion costs as much as a cut, but it costs the same in the frame before. The share without the limit is
    // about 1 where all motion is noise, 1.4 and more where two pictures have nothing in common.
    frame.isSceneCut = frame.change > sceneJump * previous.change || whole / intra > unrelated;
  }

  /** The transform has a gain of 64 in energy; a coefficient of the half-size plane is half of one of the whole. */
  #scaleOf(step: number): number {
    return 4 / (64 * this.#settings.distortion * step ** 2);
  }

  #allocatePlane(): Pointer {
    const stride = this.#stride;
    return this.#kernels.allocate(stride * (this.#height + 2 * BORDER)) + BORDER * stride + BORDER;
  }

  #load(y: Uint8Array, plane: Pointer): void {
    const { width, height, codedWidth, codedHeight } = this.#grid;
    const full = { at: this.#full, stride: codedWidth, width: codedWidth, height: codedHeight };
    writePlane(this.#kernels.u8, full, y, width, height);
    const { call } = this.#kernels;
    call.halve(this.#full, codedWidth, plane, this.#stride, this.#width, this.#height);
    call.extendEdges(plane, this.#stride, this.#width, this.#height, BORDER);
  }

  /** Variances of the macroblocks of the picture that was loaded last. */
  #findVariances(): Float64Array {
    const { columns, rows, codedWidth } = this.#grid;
    this.#kernels.call.blockVariances(this.#full, codedWidth, columns, rows, this.#variances);
    const { i32 } = this.#kernels;
    const from = this.#variances >> 2;
    const variances = new Float64Array(columns * rows);
    for (let at = 0; at < variances.length; at++) variances[at] = i32[from + at]! / MACROBLOCK_SAMPLES ** 2;
    return variances;
  }

  /** What each block costs by itself: against its own mean. */
  #analyseBlocks(plane: Pointer): Pick<Frame, 'intra' | 'coded' | 'intraSatd'> {
    this.#estimates.alone(plane, this.#scale);
    const { estimates, satds } = this.#estimates;
    const { intraGain, floorCost, intraCost } = this.#settings;
    const intra = new Float32Array(satds.length);
    const coded = new Float32Array(satds.length);
    const intraSatd = new Float32Array(satds.length);
    for (let at = 0; at < satds.length; at++) {
      intraSatd[at] = intraGain * satds[at]! + floorCost;
      intra[at] = intraCost * estimates[ESTIMATE_VALUES * at + ESTIMATE.cost]!;
      coded[at] = estimates[ESTIMATE_VALUES * at + ESTIMATE.coded]!;
    }
    return { intra, coded, intraSatd };
  }

  /** Searches all macroblocks of a frame in another one and leaves what is found in {@link #estimates}. */
  #search(frame: Frame, reference: Frame): void {
    const { vectorWeight, singleNoise } = this.#settings;
    const distance = frame.display - reference.display;
    const search = Math.abs(distance) === 1 ? this.#nearMotion : this.#farMotion;
    // Motion goes on as it was: from the frame before to the same reference, or from this one to the frame before.
    const before = this.#frames.get(frame.display - 1)?.fields;
    const starts =
      distance === 1
        ? { first: before?.get(frame.display - 2)?.motion, scale: 1, second: undefined }
        : {
            ...{ first: frame.fields.get(frame.display - 1)?.motion, scale: distance },
            second: before?.get(reference.display)?.motion,
          };
    const places = [frame.plane, reference.plane] as const;
    this.#estimates.searched(...places, search, starts, vectorWeight, this.#scale, singleNoise);
  }
}

/** Of what is coded in a block, the share that follows its prediction. */
function followedShare(estimates: Float32Array, at: number): number {
  const coded = estimates[ESTIMATE_VALUES * at + ESTIMATE.coded]!;
  return coded > 0 ? estimates[ESTIMATE_VALUES * at + ESTIMATE.followed]! / coded : 0;
}
