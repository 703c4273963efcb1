import { MACROBLOCK } from '../../macroblock-grid.js';
import { Q_OFFSET_LIMIT, type Geometry } from '../frame-tokens.js';
import type { PropagationSettings } from './settings.js';

/** Quarter samples of the half-size plane, the units of vectors, in a macroblock's width. */
const MACROBLOCK_UNITS = (4 * MACROBLOCK) / 2;

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
  /** The position of the reference in the window; below 0 if it is not in the window. */
  readonly position: number;
  /** [macroblocks, 2]: vectors, quarter samples of the half-size plane. */
  readonly motion: Int16Array;
}

/**
 * Quality that propagates (Garrett-Glaser 2009, "A novel macroblock-tree algorithm for high-performance optimization of
 * dependent video coding in H.264/AVC"), in rate and distortion (Yang et al. 2012, "Source distortion temporal
 * propagation model for motion compensated video coding optimization"): walks back from the end of the window, giving each block's references
 * the coefficients whose error follows theirs. Where all that share a q have the weight w, the least cost is at an error
 * of 1 / w.
 *
 * @param window the frame to be coded, then those after it in coding order, up to the next key frame.
 */
export function propagateQuality(
  geometry: Geometry,
  window: readonly DependentFrame[],
  { strength, limit, averageShare, least }: PropagationSettings,
): QualityGain {
  const count = geometry.rows * geometry.columns;
  const inherited = window.map(() => new Float32Array(count));
  const follows = followers(window);
  for (let t = window.length - 1; t > 0; t--)
    if (follows[t]!) passBack(geometry, window[t]!, inherited[t]!, inherited, averageShare);
  const { coded } = window[0]!;
  const regions = geometry.regionRows * geometry.regionColumns;
  const passed = new Float64Array(regions);
  const own = new Float64Array(regions);
  for (let at = 0; at < count; at++) {
    const region = geometry.regionOf(Math.floor(at / geometry.columns), at % geometry.columns);
    passed[region]! += inherited[0]![at]!;
    own[region]! += coded[at]! + least;
  }
  const gain = (from: number, to: number): number => Math.min(limit, strength * Math.log2(1 + from / to));
  const frame = Math.round(gain(sum(passed), sum(own)));
  const difference = Int8Array.from(own, (coefficients, region) =>
    Math.max(-Q_OFFSET_LIMIT, Math.min(Q_OFFSET_LIMIT, Math.round(gain(passed[region]!, coefficients)) - frame)),
  );
  const dependence = coded.map((own, at) => inherited[0]![at]! / (own + least));
  return { frame, regions: difference, dependence };
}

/** For each frame of a window, whether it refers to the first one, also through others. */
function followers(window: readonly DependentFrame[]): boolean[] {
  const follows: boolean[] = [];
  for (const { references } of window) {
    follows.push(follows.length === 0 || references.some(({ position }) => follows[position] === true));
  }
  return follows;
}

/** Adds to the reference blocks of a frame their value for this frame and for the frames that depend on it. */
function passBack(
  geometry: Geometry,
  frame: DependentFrame,
  own: Float32Array,
  inherited: readonly Float32Array[],
  averageShare: number,
): void {
  const count = geometry.rows * geometry.columns;
  const { coded, followed, references, choice } = frame;
  if (followed === null) return;
  references.forEach(({ position, motion }, index) => {
    const target = position < 0 ? undefined : inherited[position];
    if (target === undefined) return;
    for (let at = 0; at < count; at++) {
      const chosen = choice === null ? 0 : choice[at]!;
      if (chosen !== index && chosen !== 2) continue;
      const share = followed[at]! * (chosen === 2 ? averageShare : 1);
      if (share > 0) spread(geometry, target, at, motion, (coded[at]! + own[at]!) * share);
    }
  });
}

/** Adds an amount to the up to four blocks that the moved block `at` covers. */
function spread(geometry: Geometry, target: Float32Array, at: number, motion: Int16Array, amount: number): void {
  const { rows, columns } = geometry;
  const x = (at % columns) + motion[2 * at]! / MACROBLOCK_UNITS;
  const y = Math.floor(at / columns) + motion[2 * at + 1]! / MACROBLOCK_UNITS;
  const left = Math.floor(x);
  const top = Math.floor(y);
  for (let dy = 0; dy < 2; dy++) {
    for (let dx = 0; dx < 2; dx++) {
      const weight = (dx === 1 ? x - left : 1 - x + left) * (dy === 1 ? y - top : 1 - y + top);
      const row = top + dy;
      const column = left + dx;
      if (weight <= 0 || row < 0 || row >= rows || column < 0 || column >= columns) continue;
      target[row * columns + column]! += weight * amount;
    }
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
