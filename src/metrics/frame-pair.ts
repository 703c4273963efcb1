import type { Frame } from '../video/frame.js';

/** A picture and what a codec made of it; one size. */
export interface FramePair {
  readonly original: Frame;
  readonly decoded: Frame;
}
