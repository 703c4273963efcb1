import type { Kernels, Pointer } from '../../kernels/kernels.js';
import type { Geometry } from '../frame-tokens.js';

/** Border of the half-size planes, samples. */
const BORDER = 32;
/** Block size on the half-size plane: one macroblock. */
const BLOCK = 8;
/** Weight of a vector's estimated bits in SATD units: keeps the field smooth where nothing is to be gained. */
const VECTOR_WEIGHT = 2;
const SEARCH_STEPS = 12;
/** A frame whose prediction from the one before costs more than this share of its intra cost begins a new scene. */
const SCENE_CUT = 0.75;
/** What prediction within the picture saves against a flat block, roughly. */
const INTRA_GAIN = 0.75;
/** Cost of a block that every frame pays anyhow, SATD units; keeps ratios of flat blocks tame. */
const FLOOR_COST = 24;

/** Costs of one frame on a half-size picture, one value per macroblock. */
export interface FrameCosts {
  readonly intra: Float32Array;
  /** Against the frame before; equal to `intra` in the first frame. */
  readonly inter: Float32Array;
  /** [macroblocks, 2]: vector to the frame before, quarter samples of the half-size plane. */
  readonly motion: Int16Array;
  /** True if the frame has too little in common with the one before to be predicted from it. */
  readonly isSceneCut: boolean;
}

/**
 * Estimates, before a frame is coded, how well each macroblock is predicted from the frame before (encoder only), by
 * motion search on half-size luma.
 */
export class LookAhead {
  readonly #kernels: Kernels;
  readonly #geometry: Geometry;
  readonly #width: number;
  readonly #height: number;
  readonly #stride: number;
  readonly #full: Pointer;
  readonly #taps: Pointer;
  readonly #flat: Pointer;
  readonly #starts: Pointer;
  readonly #result: Pointer;
  #current: Pointer;
  #previous: Pointer;
  #previousMotion: Int16Array | null = null;

  constructor(kernels: Kernels, geometry: Geometry) {
    this.#kernels = kernels;
    this.#geometry = geometry;
    this.#width = geometry.codedWidth / 2;
    this.#height = geometry.codedHeight / 2;
    this.#stride = this.#width + 2 * BORDER;
    const bytes = this.#stride * (this.#height + 2 * BORDER);
    this.#full = kernels.allocate(geometry.codedWidth * geometry.codedHeight);
    this.#current = kernels.allocate(bytes) + BORDER * this.#stride + BORDER;
    this.#previous = kernels.allocate(bytes) + BORDER * this.#stride + BORDER;
    // Bilinear quarter-sample taps: precise enough to compare costs.
    const taps = new Int16Array(32);
    for (let phase = 0; phase < 4; phase++) {
      taps[phase * 8 + 3] = 64 - 16 * phase;
      taps[phase * 8 + 4] = 16 * phase;
    }
    this.#taps = kernels.store(taps);
    this.#flat = kernels.allocate(BLOCK * BLOCK);
    this.#starts = kernels.allocate(32);
    this.#result = kernels.allocate(8);
  }

  /** Costs of the next frame in display order; `y` is its visible luma. */
  analyse(y: Uint8Array): FrameCosts {
    [this.#current, this.#previous] = [this.#previous, this.#current];
    this.#load(y);
    const { rows, columns } = this.#geometry;
    const count = rows * columns;
    const intra = new Float32Array(count);
    const inter = new Float32Array(count);
    const motion = new Int16Array(2 * count);
    let intraSum = 0;
    let interSum = 0;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const at = row * columns + column;
        intra[at] = this.#intraCost(row, column);
        inter[at] = this.#previousMotion === null ? intra[at] : this.#interCost(row, column, motion, intra[at]);
        intraSum += intra[at];
        interSum += inter[at];
      }
    }
    const isSceneCut = this.#previousMotion !== null && interSum > SCENE_CUT * intraSum;
    this.#previousMotion = motion;
    return { intra, inter, motion, isSceneCut };
  }

  #load(y: Uint8Array): void {
    const { width, height, codedWidth, codedHeight } = this.#geometry;
    const memory = this.#kernels.u8;
    for (let row = 0; row < codedHeight; row++) {
      const from = Math.min(row, height - 1) * width;
      const to = this.#full + row * codedWidth;
      memory.set(y.subarray(from, from + width), to);
      if (width < codedWidth) memory.fill(y[from + width - 1]!, to + width, to + codedWidth);
    }
    const { call } = this.#kernels;
    call.halve(this.#full, codedWidth, this.#current, this.#stride, this.#width, this.#height);
    call.extendEdges(this.#current, this.#stride, this.#width, this.#height, BORDER);
  }

  /** SATD against the block's own mean. */
  #intraCost(row: number, column: number): number {
    const at = this.#current + row * BLOCK * this.#stride + column * BLOCK;
    const memory = this.#kernels.u8;
    let sum = 0;
    for (let y = 0; y < BLOCK; y++) {
      for (let x = 0; x < BLOCK; x++) sum += memory[at + y * this.#stride + x]!;
    }
    memory.fill((sum + 32) >> 6, this.#flat, this.#flat + BLOCK * BLOCK);
    return INTRA_GAIN * this.#kernels.call.blockSatd(at, this.#stride, this.#flat, BLOCK, BLOCK) + FLOOR_COST;
  }

  #interCost(row: number, column: number, motion: Int16Array, intra: number): number {
    const { columns } = this.#geometry;
    const at = row * columns + column;
    const kernels = this.#kernels;
    const starts = kernels.i16;
    const base = this.#starts >> 1;
    let count = 0;
    const add = (list: Int16Array | null, index: number): void => {
      starts[base + 2 * count] = list === null ? 0 : list[2 * index]!;
      starts[base + 2 * count + 1] = list === null ? 0 : list[2 * index + 1]!;
      count++;
    };
    add(null, 0);
    if (column > 0) add(motion, at - 1);
    if (row > 0) add(motion, at - columns);
    if (row > 0 && column + 1 < columns) add(motion, at - columns + 1);
    add(this.#previousMotion, at);
    const left = column * BLOCK;
    const top = row * BLOCK;
    const predicted = column > 0 ? 2 * (at - 1) : row > 0 ? 2 * (at - columns) : -1;
    const cost = kernels.call.searchMotion(
      this.#current + top * this.#stride + left,
      this.#stride,
      this.#previous + top * this.#stride + left,
      this.#stride,
      BLOCK,
      this.#starts,
      count,
      predicted < 0 ? 0 : motion[predicted]!,
      predicted < 0 ? 0 : motion[predicted + 1]!,
      -left - 20,
      this.#width - left - BLOCK + 16,
      -top - 20,
      this.#height - top - BLOCK + 16,
      VECTOR_WEIGHT,
      SEARCH_STEPS,
      this.#taps,
      this.#result,
    );
    motion[2 * at] = kernels.i16[this.#result >> 1]!;
    motion[2 * at + 1] = kernels.i16[(this.#result >> 1) + 1]!;
    return Math.min(intra, cost + FLOOR_COST);
  }
}
