import { MACROBLOCK, shiftOf } from '../../macroblock-grid.js';
import { Q_OFFSET_LIMIT, type Geometry } from '../frame-tokens.js';
import type { PropagationSettings } from './settings.js';

/** Quarter samples of the half-size plane, the units of vectors, in a macroblock's width. */
const MACROBLOCK_UNITS = (4 * MACROBLOCK) / 2;
const UNITS_SHIFT = shiftOf(MACROBLOCK_UNITS);

/** How much finer to quantise a frame because later frames are predicted from it. */
export interface QualityGain {
  /** Mean over the frame, in steps of q (at least 0). */
  readonly frame: number;
  /** [regions]: difference of each 64x64 region to the frame, -8..8. */
  readonly regions: Int8Array<ArrayBuffer>;
  /** [macroblocks]: how many times later frames take over a block's information. */
  readonly dependence: Float32Array;
}

/** A frame to be coded and its dependence on other frames; all arrays are by macroblock. */
export interface DependentFrame {
  /** Position in display order. */
  readonly display: number;
  /** How many coefficients are worth coding. */
  readonly coded: Float32Array;
  /** Share of them that takes over the quality of the references; null if there are none. */
  readonly followed: Float32Array | null;
  /** The references: one or two frames of the window, or frames coded before the window. */
  readonly references: readonly FrameReference[];
  /** The reference that a macroblock uses: 0, 1, or 2 for the average of both; null if there is only one. */
  readonly choice: Uint8Array | null;
}

/** A reference of a frame. */
export interface FrameReference {
  /** Position of the reference in display order. */
  readonly display: number;
  /** [macroblocks, 2]: vectors, quarter samples of the half-size plane. */
  readonly motion: Int16Array;
}

/**
 * Quality that propagates (Garrett-Glaser 2009, "A novel macroblock-tree algorithm for high-performance optimization of
 * dependent video coding in H.264/AVC"), in rate and distortion (Yang et al. 2012, "Source distortion temporal
 * propagation model for motion compensated video coding optimization"): walks back from the end of the window, giving each
 * block's references the coefficients whose error follows theirs. Where all that share a q have the weight w, the least cost is at an error
 * of 1 / w.
 */
export class QualityPropagation {
  readonly #geometry: Geometry;
  readonly #settings: PropagationSettings;
  /** The last frame of the last window, and what all frames that refer to its first one inherit in it. */
  #last: DependentFrame | undefined;
  #inherited = new Map<DependentFrame, Float32Array>();

  constructor(geometry: Geometry, settings: PropagationSettings) {
    this.#geometry = geometry;
    this.#settings = settings;
  }

  /**
   * The gain of a frame. Frames of one sequence are the same records in all calls.
   *
   * @param window the frame to be coded, then those after it in coding order, up to the next key frame.
   */
  gain(window: readonly DependentFrame[]): QualityGain {
    const first = window[0]!;
    const last = window.at(-1)!;
    // Where no frame has come at the end, all that depends on this frame has been counted for one before it.
    if (last !== this.#last || !this.#inherited.has(first)) {
      this.#inherited = walkBack(this.#geometry, window, this.#settings.averageShare);
      this.#last = last;
    }
    return gainOf(this.#geometry, first.coded, this.#inherited.get(first)!, this.#settings);
  }
}

/** What frames inherit from those after them in a window: the first frame, and all that refer to it. */
function walkBack(
  geometry: Geometry,
  window: readonly DependentFrame[],
  averageShare: number,
): Map<DependentFrame, Float32Array> {
  const count = geometry.rows * geometry.columns;
  // By position in display order: these frames alone pass on to the first one.
  const followers = new Map<number, Float32Array>();
  for (const { display, references } of window) {
    if (followers.size === 0 || references.some((reference) => followers.has(reference.display)))
      followers.set(display, new Float32Array(count));
  }
  const inherited = new Map<DependentFrame, Float32Array>();
  for (const frame of window.toReversed()) {
    const own = followers.get(frame.display);
    if (own === undefined) continue;
    inherited.set(frame, own);
    frame.references.forEach(({ display, motion }, index) => {
      const target = followers.get(display);
      if (target !== undefined) passBack(geometry, frame, own, index, motion, target, averageShare);
    });
  }
  return inherited;
}

/** The gain of a frame that inherits this from later ones. */
function gainOf(
  geometry: Geometry,
  coded: Float32Array,
  inherited: Float32Array,
  { strength, limit, least }: PropagationSettings,
): QualityGain {
  const regions = geometry.regionRows * geometry.regionColumns;
  const passed = new Float64Array(regions);
  const own = new Float64Array(regions);
  for (let at = 0; at < coded.length; at++) {
    const region = geometry.regionOf(Math.floor(at / geometry.columns), at % geometry.columns);
    passed[region]! += inherited[at]!;
    own[region]! += coded[at]! + least;
  }
  const gain = (from: number, to: number): number => Math.min(limit, strength * Math.log2(1 + from / to));
  const frame = Math.round(gain(sum(passed), sum(own)));
  const difference = Int8Array.from(own, (coefficients, region) =>
    Math.max(-Q_OFFSET_LIMIT, Math.min(Q_OFFSET_LIMIT, Math.round(gain(passed[region]!, coefficients)) - frame)),
  );
  const dependence = coded.map((own, at) => inherited[at]! / (own + least));
  return { frame, regions: difference, dependence };
}

/** Adds to the blocks of a frame's reference their value for this frame and for the frames that depend on it. */
function passBack(
  geometry: Geometry,
  { coded, followed, choice }: DependentFrame,
  own: Float32Array,
  index: number,
  motion: Int16Array,
  target: Float32Array,
  averageShare: number,
): void {
  if (followed === null) return;
  const { rows, columns } = geometry;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, at++) {
      const chosen = choice === null ? 0 : choice[at]!;
      if (chosen !== index && chosen !== 2) continue;
      const share = followed[at]! * (chosen === 2 ? averageShare : 1);
      if (share <= 0) continue;
      const x = motion[2 * at]!;
      const y = motion[2 * at + 1]!;
      spread(geometry, target, row, column, x, y, (coded[at]! + own[at]!) * share);
    }
  }
}

/** Adds an amount to the up to four blocks that a moved block covers. */
function spread(
  { rows, columns }: Geometry,
  target: Float32Array,
  row: number,
  column: number,
  x: number,
  y: number,
  amount: number,
): void {
  const left = column + (x >> UNITS_SHIFT);
  const top = row + (y >> UNITS_SHIFT);
  const right = (x & (MACROBLOCK_UNITS - 1)) / MACROBLOCK_UNITS;
  const below = (y & (MACROBLOCK_UNITS - 1)) / MACROBLOCK_UNITS;
  for (let dy = 0; dy < 2; dy++) {
    const height = dy === 1 ? below : 1 - below;
    if (height === 0 || top + dy < 0 || top + dy >= rows) continue;
    for (let dx = 0; dx < 2; dx++) {
      const width = dx === 1 ? right : 1 - right;
      if (width === 0 || left + dx < 0 || left + dx >= columns) continue;
      target[(top + dy) * columns + left + dx]! += width * height * amount;
    }
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
