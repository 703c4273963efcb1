import type { Frame } from '../video/frame.js';
import type { FramePair } from './frame-pair.js';

/** Successive pairs of frames of one size in one buffer, to be handed to another thread. */
export interface PairBatch {
  readonly width: number;
  readonly height: number;
  /** Whether the first pair is only there as the one before the second. */
  readonly hasBefore: boolean;
  /** Planes Y, U, V of original, decoded, pair after pair. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Copies pairs into a batch. */
export function packPairs(before: FramePair | null, pairs: readonly FramePair[]): PairBatch {
  const all = before === null ? pairs : [before, ...pairs];
  const { width, height } = all[0]!.original;
  const planes = all.flatMap(({ original, decoded }) => [original, decoded]).flatMap(({ y, u, v }) => [y, u, v]);
  const data = new Uint8Array(planes.reduce((sum, plane) => sum + plane.length, 0));
  let at = 0;
  for (const plane of planes) {
    data.set(plane, at);
    at += plane.length;
  }
  return { width, height, hasBefore: before !== null, data };
}

/** The pairs of a batch, on its buffer. */
export function unpackPairs({ width, height, hasBefore, data }: PairBatch): {
  before: FramePair | null;
  pairs: FramePair[];
} {
  const lumaSize = width * height;
  const chromaSize = Math.ceil(width / 2) * Math.ceil(height / 2);
  const frameSize = lumaSize + 2 * chromaSize;
  const frameAt = (start: number): Frame => ({
    width,
    height,
    y: data.subarray(start, start + lumaSize),
    u: data.subarray(start + lumaSize, start + lumaSize + chromaSize),
    v: data.subarray(start + lumaSize + chromaSize, start + frameSize),
    pts: 0n,
    duration: 0n,
  });
  const pairs: FramePair[] = [];
  for (let start = 0; start < data.length; start += 2 * frameSize) {
    pairs.push({ original: frameAt(start), decoded: frameAt(start + frameSize) });
  }
  return { before: hasBefore ? pairs.shift()! : null, pairs };
}
