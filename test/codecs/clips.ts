import type { CodecClip } from '../../codecs/codec.js';
import type { Frame } from '../../src/video/frame.js';
import { makeProperties } from '../video/helpers.js';

/** A clip in memory: a ramp that moves. */
export function movingClip(width: number, height: number, frameCount: number): CodecClip {
  const half = { width: (width + 1) >> 1, height: (height + 1) >> 1 };
  const frames: Frame[] = Array.from({ length: frameCount }, (_, index) => ({
    width,
    height,
    y: Uint8Array.from({ length: width * height }, (_, at) => 40 + (((at % width) * 3 + index * 5 + (at >> 7)) % 160)),
    u: new Uint8Array(half.width * half.height).fill(118),
    v: new Uint8Array(half.width * half.height).fill(135),
    pts: BigInt(index),
    duration: 1n,
  }));
  return {
    name: 'ramp',
    properties: makeProperties(width, height, {
      colour: { primaries: 2, transfer: 2, matrix: 2, fullRange: false, chromaLocation: 0 },
    }),
    frameCount,
    source: { file: 'ramp.mkv', ffmpegArguments: ['-i', 'ramp.mkv', '-an'], isWhole: true },
    // eslint-disable-next-line @typescript-eslint/require-await
    frames: async function* () {
      yield* frames;
    },
  };
}
