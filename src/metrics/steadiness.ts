import type { FloatTensor } from '../model/float-graph.js';
import type { FramePair } from './frame-pair.js';
import { toDecibel } from './psnr.js';
import { requireSameSize } from './same-size.js';

/**
 * PSNR between the changes of two successive luma pictures, of the original and of what was decoded: low where the
 * decoded video flickers, crawls or stands still when the original does not. An error that stays the same from frame to
 * frame does not count. Peak 255.
 *
 * @returns dB; null if the changes are identical.
 * @throws InputError if the sizes differ.
 */
export function computeSteadyPsnr(before: FramePair, now: FramePair): number | null {
  for (const frame of [now.decoded, before.original, before.decoded]) requireSameSize(now.original, frame);
  const [original, decoded] = [now.original.y, now.decoded.y];
  const [originalBefore, decodedBefore] = [before.original.y, before.decoded.y];
  let sum = 0;
  for (let at = 0; at < original.length; at++) {
    const error = original[at]! - originalBefore[at]! - (decoded[at]! - decodedBefore[at]!);
    sum += error * error;
  }
  return toDecibel(sum / original.length);
}

/**
 * The change from one RGB picture to the next, both -1..1, as a picture: grey where nothing changed, limited to -1..1.
 */
export function changeOf(before: FloatTensor, now: FloatTensor): FloatTensor {
  const data = now.data.map((value, at) => Math.min(1, Math.max(-1, value - before.data[at]!)));
  return { data, dims: now.dims };
}
