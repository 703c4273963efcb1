import { planeBuffers, type TimedPicture, type VisiblePlanes } from '../../planes.js';
import type { MotionHints } from './block-trials.js';
import type { WantedHeader } from './picture-encoder.js';

/** A frame to encode: everything that is decided before its tokens. */
export interface FramePlan {
  /** Position in display order, from 0. */
  readonly display: number;
  /** The picture that was pushed; the planner needs it no more. */
  readonly picture: TimedPicture;
  /** The picture to encode: the same, or its mean with its neighbours. */
  readonly source: VisiblePlanes;
  /** Head of the frame; its tokens decide the rest. */
  readonly header: WantedHeader;
  /** [regions]: difference of each 64x64 region to the frame's q, -8..8. */
  readonly qOffset: Int8Array;
  /** The vectors from the look-ahead to the references. */
  readonly hints: MotionHints;
}

/** The buffers behind a plan's pictures, each once, for handing them to another thread without a copy. */
export function planBuffers({ picture, source }: FramePlan): ArrayBuffer[] {
  return [...new Set([...planeBuffers(picture), ...planeBuffers(source)])];
}
