import type { Frame } from '../video/frame.js';

/** An original picture and its decoded picture, both of one size. */
export interface FramePair {
  readonly original: Frame;
  readonly decoded: Frame;
}
