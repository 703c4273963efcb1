import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile, readdir } from 'node:fs/promises';
import type * as compressModule from '../../../src/pipeline/compress.js';
import type { CompressOptions } from '../../../src/pipeline/compress.js';
import type * as localModule from '../../../src/pipeline/chunks/local-chunks.js';
import { load } from '../../codec/built.js';
import { TINY_PACK } from '../../support/packs.js';
import { clip, failureOf, makeFolder } from '../../video/helpers.js';
import { writeScenes } from './video.js';

const { compressVideo } = await load<typeof compressModule>('pipeline/compress.js');
const { localChunks, defaultJobs } = await load<typeof localModule>('pipeline/chunks/local-chunks.js');

let folder: Awaited<ReturnType<typeof makeFolder>>;
let video: string;
let count = 0;

beforeAll(async () => {
  folder = await makeFolder();
  video = folder.join('in.y4m');
  // A scene that is longer than the largest distance of key frames, and one of a single frame.
  await writeScenes(video, [14, 5, 1, 10]);
});

afterAll(async () => folder[Symbol.asyncDispose]());

const OPTIONS: CompressOptions = { pack: TINY_PACK, device: 'cpu', quality: 22, keyint: 9, preset: 'realtime' };

async function compress(input: string, options: CompressOptions): Promise<Buffer> {
  const output = folder.join(`${count++}.tsr`);
  await compressVideo(input, output, { ...OPTIONS, ...options });
  return await readFile(output);
}

test.each<[string, CompressOptions]>([
  ['the usual options', {}],
  ['the temporal filter, and more trials', { tune: 'psnr', preset: 'fast' }],
  ['a part', { start: 0.2, duration: 0.8 }],
])('chunks coded at the same time make the same file, with %s', async (_, options) => {
  const whole = await compress(video, options);
  expect(whole.equals(await compress(video, { ...options, chunks: localChunks({ jobs: 3 }) }))).toBe(true);
});

test('sound and other tracks stay as they are', async () => {
  const whole = await compress(clip('everything.mkv'), {});
  expect(whole.equals(await compress(clip('everything.mkv'), { chunks: localChunks({ jobs: 2 }) }))).toBe(true);
});

test('a bit rate gives the same file for any number of jobs', async () => {
  const { quality: _, ...open } = OPTIONS;
  const rates: Buffer[] = [];
  for (const jobs of [undefined, 3]) {
    const output = folder.join('rate.tsr');
    const chunks = jobs === undefined ? {} : { chunks: localChunks({ jobs }) };
    const { rate } = await compressVideo(video, output, {
      ...open,
      rate: { bitrate: 80_000 },
      overwrite: true,
      ...chunks,
    });
    // A second of five short chunks: one step of quality is worth a few percent.
    expect(Math.abs(rate!.bitrate - 80_000)).toBeLessThan(0.05 * 80_000);
    rates.push(await readFile(output));
  }
  expect(rates.every((bytes) => bytes.equals(rates[0]!))).toBe(true);
});

test('a call with chunks can be cancelled, and leaves nothing', async () => {
  const before = await readdir(folder.path);
  const controller = new AbortController();
  const onProgress = ({ frames }: { frames: number }): void => {
    if (frames >= 3) controller.abort();
  };
  const output = folder.join('cancelled.tsr');
  const options = { ...OPTIONS, chunks: localChunks({ jobs: 2 }), signal: controller.signal, onProgress };
  const error = await failureOf(compressVideo(video, output, options));
  expect(error).toMatchObject({ code: 'ERR_TESSERA_CANCELLED' });
  expect(await readdir(folder.path)).toEqual(before);
});

test('a pack whose chunks depend on each other is refused', async () => {
  const options = { pack: 'lookup-free', device: 'cpu', chunks: localChunks({ jobs: 2 }) } as const;
  const error = await failureOf(compressVideo(clip('one-frame.mp4'), folder.join('refused.tsr'), options));
  expect(error).toMatchObject({ code: 'ERR_TESSERA_INPUT' });
  expect(error.message).toMatch(/leave out jobs/);
});

test('jobs are as many as cores and memory allow', () => {
  const GIB = 2 ** 30;
  expect(defaultJobs({ width: 640, height: 360 }, 8, 64 * GIB)).toBe(8);
  expect(defaultJobs({ width: 640, height: 360 }, 64, 256 * GIB)).toBe(16);
  expect(defaultJobs({ width: 3840, height: 2160 }, 8, 4 * GIB)).toBe(2);
  expect(defaultJobs({ width: 3840, height: 2160 }, 8, GIB / 4)).toBe(1);
});
