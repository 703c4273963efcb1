import type { Frame } from '../video/frame.js';
import type { FramePair } from './frame-pair.js';
import { limitDecibel, toDecibel } from './psnr.js';
import { requireSameSize } from './same-size.js';

/** Side of a still block, luma samples. Incomplete blocks at the right and bottom edges are ignored. */
export const STILL_BLOCK = 8;
/** The largest mean absolute difference of the original luma samples of a still block (of 255). */
const STILL_DIFFERENCE = 2;
/** The smallest share of still blocks in a picture: with fewer, the figure would depend on a few blocks. */
const LEAST_STILL_SHARE = 0.01;

/**
 * Finds the blocks of an original picture that hardly differ from the picture before.
 *
 * @returns the index of each block's first luma sample; null if less than 1 % of the blocks are still.
 * @throws InputError if the sizes differ.
 */
export function findStillBlocks(before: Frame, now: Frame): readonly number[] | null {
  requireSameSize(now, before);
  const { width, height } = now;
  const still: number[] = [];
  let blocks = 0;
  for (let top = 0; top + STILL_BLOCK <= height; top += STILL_BLOCK) {
    for (let left = 0; left + STILL_BLOCK <= width; left += STILL_BLOCK) {
      const at = top * width + left;
      blocks++;
      if (differenceOf(before, now, at) <= STILL_DIFFERENCE * STILL_BLOCK ** 2) still.push(at);
    }
  }
  return still.length === 0 || still.length < LEAST_STILL_SHARE * blocks ? null : still;
}

/** Returns the sum of the absolute differences of a block's luma samples. */
function differenceOf(before: Frame, now: Frame, first: number): number {
  let sum = 0;
  for (let row = 0; row < STILL_BLOCK; row++) {
    const from = first + row * now.width;
    for (let at = from; at < from + STILL_BLOCK; at++) sum += Math.abs(now.y[at]! - before.y[at]!);
  }
  return sum;
}

/**
 * Returns the PSNR between the changes of two successive luma pictures, original and decoded, over the still blocks of
 * the original. It is low if the decoded video flickers there. Peak 255.
 *
 * @returns dB, at most 100; null if there are no still blocks ({@link findStillBlocks}).
 * @throws InputError if the sizes differ.
 */
export function computeFlicker(before: FramePair, now: FramePair): number | null {
  for (const frame of [now.decoded, before.original, before.decoded]) requireSameSize(now.original, frame);
  const blocks = findStillBlocks(before.original, now.original);
  if (blocks === null) return null;
  const { width } = now.original;
  const [original, decoded] = [now.original.y, now.decoded.y];
  const [originalBefore, decodedBefore] = [before.original.y, before.decoded.y];
  let sum = 0;
  for (const first of blocks) {
    for (let row = 0; row < STILL_BLOCK; row++) {
      const from = first + row * width;
      for (let at = from; at < from + STILL_BLOCK; at++) {
        const error = original[at]! - originalBefore[at]! - (decoded[at]! - decodedBefore[at]!);
        sum += error * error;
      }
    }
  }
  return limitDecibel(toDecibel(sum / (blocks.length * STILL_BLOCK ** 2)));
}
