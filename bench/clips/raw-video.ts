import { open, readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { InputError, throwIfCancelled } from '../../src/errors.js';
import type { Frame, Rational, VideoProperties } from '../../src/video/frame.js';
import { frameFromPlanar, planarByteLength } from '../../src/video/planar-buffer.js';
import type { FramesOptions, VideoSource } from '../../src/video/in/video-source.js';
import { explainIssue } from '../explain-issue.js';

const side = z.int().min(1).max(16384);
const codePoint = z.int().min(0).max(255);

/** The JSON description of raw pictures; docs/BENCHMARK.md documents the fields. */
const schema = z.strictObject({
  file: z.string().min(1),
  width: side,
  height: side,
  frameRate: z.union([
    z.number().positive().max(1000),
    z.string().regex(/^[1-9]\d*(\/[1-9]\d*)?$/, 'must be such as 30 or 30000/1001'),
  ]),
  pixelFormat: z.literal('yuv420p').default('yuv420p'),
  colour: z
    .strictObject({
      primaries: codePoint.default(2),
      transfer: codePoint.default(2),
      matrix: codePoint.default(2),
      fullRange: z.boolean().default(false),
    })
    .prefault({}),
});

/** Raw pictures: planes Y, U, V of one frame after another, 8-bit 4:2:0. */
export interface RawVideo {
  /** Path of the pictures. */
  readonly file: string;
  readonly properties: VideoProperties;
  readonly frameCount: number;
}

/**
 * Reads the description of a raw video; its `file` is looked for beside it.
 *
 * @throws InputError if it is no such description, or the pictures are missing or cut.
 */
export async function readRawDescription(path: string): Promise<RawVideo> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
    throw new InputError(`cannot read ${path}, which should describe a raw video: ${reason}`, { cause: error });
  }
  const result = schema.safeParse(json);
  if (!result.success) {
    throw new InputError(`${path} does not describe a raw video: ${explainIssue(result.error)}`);
  }
  const { width, height, colour } = result.data;
  const file = resolve(dirname(path), result.data.file);
  const { size } = await stat(file).catch((error: unknown) => {
    throw new InputError(`${path} names pictures that cannot be read: ${(error as Error).message}`, { cause: error });
  });
  const length = planarByteLength(width, height);
  const frameCount = Math.floor(size / length);
  if (frameCount === 0 || size % length !== 0) {
    throw new InputError(
      `${file} has ${size} bytes, which is no whole number of ${width}x${height} pictures of ${length}: mend width, height or the file`,
    );
  }
  const frameRate = parseRate(result.data.frameRate);
  return {
    file,
    frameCount,
    properties: {
      width,
      height,
      frameRate,
      timeBase: { num: frameRate.den, den: frameRate.num },
      sampleAspect: { num: 1, den: 1 },
      rotation: 0,
      colour: { ...colour, chromaLocation: 0 },
    },
  };
}

function parseRate(rate: number | string): Rational {
  if (typeof rate === 'string') {
    const [num = 25, den = 1] = rate.split('/').map(Number);
    return { num, den };
  }
  return Number.isInteger(rate) ? { num: rate, den: 1 } : { num: Math.round(rate * 1000), den: 1000 };
}

/** A raw video, open for reading. */
export function openRawVideo({ file, properties, frameCount }: RawVideo): VideoSource {
  return {
    properties,
    frameCountHint: frameCount,
    durationHint: (frameCount * properties.frameRate.den) / properties.frameRate.num,
    notes: [],
    frames: (options) =>
      readPlanarFrames(file, properties, frameCount, (index) => ({ pts: BigInt(index), duration: 1n }), options),
    seek: () => Promise.resolve(false),
    side: () => Promise.resolve(null),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/**
 * Frames from a file of planes.
 *
 * @param timeOf presentation time and duration of a frame, ticks.
 * @throws InputError if the file ends too early or cannot be read; CancelledError.
 */
export async function* readPlanarFrames(
  file: string,
  { width, height }: Pick<VideoProperties, 'width' | 'height'>,
  frameCount: number,
  timeOf: (index: number) => Pick<Frame, 'pts' | 'duration'>,
  { signal }: FramesOptions = {},
): AsyncGenerator<Frame, void, undefined> {
  const length = planarByteLength(width, height);
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new InputError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  });
  try {
    for (let index = 0; index < frameCount; index++) {
      throwIfCancelled(signal);
      const picture = new Uint8Array(length);
      const { bytesRead } = await handle.read(picture, 0, length, index * length);
      if (bytesRead < length) throw new InputError(`${file} is cut in frame ${index}`);
      const { pts, duration } = timeOf(index);
      yield frameFromPlanar(picture, width, height, pts, duration);
    }
  } finally {
    await handle.close();
  }
}
