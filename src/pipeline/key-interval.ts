import { InputError } from '../errors.js';
import type { Rational } from '../video/frame.js';

/** The default distance between key frames, in seconds. */
export const DEFAULT_KEY_INTERVAL = '10s';

const LIMIT_FRAMES = 2 ** 31 - 1;

/**
 * Frames from one key frame to the next, at least 1.
 *
 * @param interval a number of frames (`250`), or seconds with their unit (`'10s'`, `'0.5s'`).
 * @param frameRate frames per second.
 * @throws InputError if it is neither.
 */
export function keyIntervalFrames(interval: number | string, frameRate: Rational): number {
  const seconds = typeof interval === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(interval.trim())?.[1] : undefined;
  const frames =
    seconds === undefined
      ? Number(interval)
      : Math.max(1, Math.round((Number(seconds) * frameRate.num) / frameRate.den));
  if (Number.isInteger(frames) && frames >= 1 && frames <= LIMIT_FRAMES) return frames;
  throw new InputError(`keyint is ${interval}: give a number of frames from 1 on, or seconds such as 10s`);
}
