/**
 * Mini-GOPs: runs of frames between two anchors, coded as a pyramid (Schwarz, Marpe, Wiegand 2006, "Analysis of
 * hierarchical B pictures and MCTF"): first the last frame of the run, which is the next anchor, then the one in the
 * middle, predicted from both ends, and so on in both halves.
 */

import type { MiniGopSettings } from './settings.js';

/** Estimated costs of predicting frames of a run, by their distance to the anchor before it, which is frame 0. */
export interface PredictionCosts {
  /** The cost of a frame with intra prediction. */
  intra(frame: number): number;
  /** The cost of a frame predicted from an earlier frame. */
  fromPast(frame: number, past: number): number;
  /** The cost of a frame predicted from both sides. */
  fromBoth(frame: number, past: number, future: number): number;
}

/** One frame of a mini-GOP; all positions count from the anchor before it, which is 0. */
export interface MiniGopFrame {
  readonly position: number;
  readonly past: number;
  /** Null in the anchor, which is predicted only from the past. */
  readonly future: number | null;
  /** 0 in the anchor, 1 in the frame in the middle, and so on. */
  readonly level: number;
  /** False if no other frame is predicted from it. */
  readonly isReferenced: boolean;
}

/** Returns the frames of a mini-GOP of `size` (a power of two) frames, in coding order. */
export function codingOrder(size: number): MiniGopFrame[] {
  const inner = (past: number, future: number, level: number): MiniGopFrame[] => {
    const position = (past + future) >> 1;
    if (position === past) return [];
    return [
      { position, past, future, level, isReferenced: future - past > 2 },
      ...inner(past, position, level + 1),
      ...inner(position, future, level + 1),
    ];
  };
  return [{ position: size, past: 0, future: null, level: 0, isReferenced: true }, ...inner(0, size, 1)];
}

/**
 * Divides `count` frames after an anchor into mini-GOPs with the least estimated cost.
 *
 * @param largest the largest number of frames of a mini-GOP, a power of two.
 * @returns their sizes in display order; powers of two that add up to `count`.
 */
export function chooseMiniGops(
  count: number,
  largest: number,
  costs: PredictionCosts,
  settings: MiniGopSettings,
): number[] {
  const sizes: number[] = [];
  let from = 0;
  while (from < count) {
    let size = largest;
    while (size > count - from) size /= 2;
    sizes.push(...(settings.isChosen ? cut(from, size, costs, settings).sizes : [size]));
    from += size;
  }
  return sizes;
}

interface Cutting {
  readonly cost: number;
  readonly sizes: readonly number[];
}

/** Returns one mini-GOP, or the best division of its halves. */
function cut(from: number, size: number, costs: PredictionCosts, settings: MiniGopSettings): Cutting {
  const { innerWeight, usualFrames, wellPredicted } = settings;
  const anchor = from + size;
  if (size > usualFrames && costs.fromPast(anchor, from) > wellPredicted * costs.intra(anchor))
    return halves(from, size, costs, settings);
  const whole = codingOrder(size).reduce((cost, { position, past, future }) => {
    if (future === null) return cost + costs.fromPast(from + position, from + past);
    return cost + innerWeight * costs.fromBoth(from + position, from + past, from + future);
  }, 0);
  if (size === 1) return { cost: whole, sizes: [1] };
  const split = halves(from, size, costs, settings);
  return whole <= split.cost ? { cost: whole, sizes: [size] } : split;
}

function halves(from: number, size: number, costs: PredictionCosts, settings: MiniGopSettings): Cutting {
  const first = cut(from, size / 2, costs, settings);
  const second = cut(from + size / 2, size / 2, costs, settings);
  return { cost: first.cost + second.cost, sizes: [...first.sizes, ...second.sizes] };
}
