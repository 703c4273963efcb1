import { readFile } from 'node:fs/promises';
import type { ClipSource, CodecClip } from '../../codecs/codec.js';
import type { VideoProperties } from '../../src/video/frame.js';
import { readPlanarFrames } from './raw-video.js';

/**
 * A clip whose frames lie ready in a file, so that every process codes the same ones and none pays for getting them.
 */
export interface PreparedClip {
  readonly name: string;
  readonly properties: VideoProperties;
  readonly source: ClipSource;
  /** Planes of all frames, one after another. */
  readonly framesFile: string;
  /** Presentation time and duration of each frame, ticks as decimal strings: this travels as JSON. */
  readonly times: readonly (readonly [pts: string, duration: string])[];
}

/** The path of the description of a prepared clip, next to its frames. */
export function descriptionFile(framesFile: string): string {
  return `${framesFile}.json`;
}

/** Reads a clip that another process prepared. */
export async function readPreparedClip(framesFile: string): Promise<CodecClip> {
  return toCodecClip(JSON.parse(await readFile(descriptionFile(framesFile), 'utf8')) as PreparedClip);
}

/** A prepared clip as codecs see it. */
export function toCodecClip({ name, properties, source, framesFile, times }: PreparedClip): CodecClip {
  const timeOf = (index: number): { pts: bigint; duration: bigint } => {
    const [pts, duration] = times[index] ?? ['0', '0'];
    return { pts: BigInt(pts), duration: BigInt(duration) };
  };
  return {
    ...{ name, properties, source },
    frameCount: times.length,
    frames: () => readPlanarFrames(framesFile, properties, times.length, timeOf),
  };
}

/** Seconds from the beginning of the first frame to the end of the last. */
export function clipSeconds({ times, properties }: Pick<PreparedClip, 'times' | 'properties'>): number {
  const { timeBase, frameRate } = properties;
  const [first, last] = [times[0], times.at(-1)];
  const ticks = first === undefined || last === undefined ? 0n : BigInt(last[0]) + BigInt(last[1]) - BigInt(first[0]);
  const seconds = (Number(ticks) * timeBase.num) / timeBase.den;
  // A picture without a duration lasts as long as the rate says.
  return seconds > 0 ? seconds : (times.length * frameRate.den) / frameRate.num;
}
