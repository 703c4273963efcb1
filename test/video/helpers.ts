import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame, VideoProperties } from '../../src/video/frame.js';
import { openVideo } from '../../src/video/in/media-reader.js';
import { formatY4mFrame, formatY4mHeader } from '../../src/video/y4m-header.js';
import type { SideHeader, SidePacket } from '../../src/video/side/side-tracks.js';

/** Path of a fixture clip. */
export function clip(name: string): string {
  return `fixtures/clips/${name}`;
}

/** A folder that disappears on disposal. */
export async function makeFolder(): Promise<{ path: string; join: (name: string) => string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'tessera-test-'));
  return {
    path,
    join: (name) => join(path, name),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** All of a file that {@link openVideo} gives. */
export async function readAll(path: string): Promise<{
  properties: VideoProperties;
  frames: Frame[];
  notes: readonly string[];
  header: SideHeader | null;
  packets: SidePacket[];
}> {
  await using video = await openVideo(path);
  const frames = await collect(video.frames());
  const side = await video.side();
  const packets = side === null ? [] : await collect(side.packets());
  await side?.[Symbol.asyncDispose]();
  return { properties: video.properties, frames, notes: video.notes, header: side?.header ?? null, packets };
}

/** The items of an async iterable. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

/** The items as an async iterable. */
export async function* produce<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

/** The error that a promise is rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure');
}

/** A frame whose samples depend on their place and on `seed`; smooth enough to survive an encoder. */
export function makeFrame(width: number, height: number, seed: number, pts = BigInt(seed), duration = 1n): Frame {
  const plane = (columns: number, rows: number, offset: number) =>
    Uint8Array.from({ length: columns * rows }, (_, at) => {
      const [x, y] = [at % columns, Math.floor(at / columns)];
      return Math.round(128 + 60 * Math.sin((x + 2 * seed + offset) / 9) + 40 * Math.cos((y - seed) / 7));
    });
  const columns = Math.ceil(width / 2);
  const rows = Math.ceil(height / 2);
  return {
    width,
    height,
    y: plane(width, height, 0),
    u: plane(columns, rows, 3),
    v: plane(columns, rows, 5),
    pts,
    duration,
  };
}

/** Properties of a plain video. */
export function makeProperties(width: number, height: number, changes: Partial<VideoProperties> = {}): VideoProperties {
  return {
    width,
    height,
    timeBase: { num: 1, den: 25 },
    frameRate: { num: 25, den: 1 },
    sampleAspect: { num: 1, den: 1 },
    rotation: 0,
    colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 },
    ...changes,
  };
}

/** PSNR of luma, dB. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} against ${b.length} samples`);
  const sum = a.reduce((total, sample, at) => total + (sample - (b[at] ?? 0)) ** 2, 0);
  return 10 * Math.log10((255 * 255 * a.length) / Math.max(sum, 1e-9));
}

/** Frames as YUV4MPEG2: first the header line, then one chunk per frame. */
export async function* writeY4m(
  frames: AsyncIterable<Frame>,
  properties: VideoProperties,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(formatY4mHeader(properties), 'latin1');
  for await (const frame of frames) yield formatY4mFrame(frame, properties);
}
