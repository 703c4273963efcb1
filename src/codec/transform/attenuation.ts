import type { Planes } from '../planes.js';

/**
 * How much of a post-filter's change is taken away (FORMAT.md section 12). A key packet says it for all frames up to the
 * next one. Filters that restore texture make some pictures worse: walls that are smooth in the source.
 */
export const ATTENUATION = {
  /** Nothing is taken away. */
  none: 0,
  /** Changes by one are. */
  small: 1,
  /** Half of every change is, rounded towards no change. */
  half: 2,
  /** All is: pictures are shown as if there were no post-filter. */
  all: 3,
} as const;

/** Values of {@link ATTENUATION}, by their numbers. */
export type Attenuation = (typeof ATTENUATION)[keyof typeof ATTENUATION];

/**
 * Takes away a part of what a post-filter changed, in place.
 *
 * @param before samples before the filter.
 * @param after the same number of samples after it.
 * @param attenuation 0..3.
 */
export function attenuate(before: Uint8Array, after: Uint8Array, attenuation: number): void {
  if (attenuation === ATTENUATION.all) after.set(before);
  if (attenuation === ATTENUATION.small) {
    for (let at = 0; at < after.length; at++) {
      const change = after[at]! - before[at]!;
      if (change === 1 || change === -1) after[at] = before[at]!;
    }
  }
  if (attenuation === ATTENUATION.half) {
    for (let at = 0; at < after.length; at++) {
      const change = after[at]! - before[at]!;
      // Towards zero.
      after[at] = before[at]! + ((change + (change < 0 ? 1 : 0)) >> 1);
    }
  }
}

/** The same for all planes of a picture. */
export function attenuatePicture(before: Planes, after: Planes, attenuation: number): void {
  for (const plane of ['y', 'u', 'v'] as const) attenuate(before[plane], after[plane], attenuation);
}
