import { expect, test } from '@jest/globals';
import { crc32c } from '../../../src/platform/checksums.js';
import type { Frame } from '../../../src/video/frame.js';
import { openVideo } from '../../../src/video/in/media-reader.js';
import { formatY4mFrame, formatY4mHeader } from '../../../src/video/y4m-header.js';
import { clip, collect, failureOf, makeFrame, makeProperties } from '../helpers.js';

const lineOf = ({ pts, y, u, v }: Frame): string => `${pts} ${[y, u, v].map((plane) => crc32c(plane)).join(' ')}`;

async function readFrom(path: string, pts: bigint | null, isSought = true): Promise<string[]> {
  await using video = await openVideo(path);
  if (pts !== null) expect(await video.seek(pts)).toBe(isSought);
  return (await collect(video.frames())).map(lineOf);
}

test('frames from a time on are those of reading from the start', async () => {
  const path = clip('big-buck-bunny-3s.mp4');
  const all = await readFrom(path, null);
  const times = all.map((line) => BigInt(line.split(' ')[0]!));
  for (const at of [0, Math.floor(all.length / 3), all.length - 1]) {
    const sought = await readFrom(path, times[at]!);
    const start = sought.indexOf(all[at]!);
    expect([at, start >= 0]).toEqual([at, true]);
    expect(sought.slice(start)).toEqual(all.slice(at));
  }
});

test('a file without an index is read from the start', async () => {
  const path = clip('odd-101x67.webm');
  expect(await readFrom(path, 400n, false)).toEqual(await readFrom(path, null));
});

test('neither a pipe nor a file whose frames were read can be searched', async () => {
  async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    await Promise.resolve();
    yield Buffer.from(formatY4mHeader(makeProperties(16, 16)), 'latin1');
    yield formatY4mFrame(makeFrame(16, 16, 1), makeProperties(16, 16));
  }
  await using pipe = await openVideo(bytes());
  expect(await pipe.seek(0n)).toBe(false);
  expect(await collect(pipe.frames())).toHaveLength(1);
  const video = await openVideo(clip('one-frame.mp4'));
  await collect(video.frames());
  expect(await video.seek(0n)).toBe(false);
  await video[Symbol.asyncDispose]();
  expect((await failureOf(video.seek(0n))).message).toMatch(/was closed/);
});
