import { MOTION_FIELDS } from '../frame-tokens.js';

/** Returns whether a candidate of a list repeats the one before it; `index` is at least 1. */
export function isRepeated(list: Int16Array, index: number): boolean {
  for (let i = index * MOTION_FIELDS; i < (index + 1) * MOTION_FIELDS; i++) {
    if (list[i] !== list[i - MOTION_FIELDS]) return false;
  }
  return true;
}

/** Returns whether a motion (reference, x0, y0, x1, y1) is one of the candidates. */
export function isCandidate(candidates: Int16Array, motion: Int16Array): boolean {
  for (let base = 0; base < candidates.length; base += MOTION_FIELDS) {
    let equal = true;
    for (let i = 0; i < MOTION_FIELDS; i++) equal &&= candidates[base + i] === motion[i];
    if (equal) return true;
  }
  return false;
}
