import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { clip, Folder, jsonLines, tessera, tesseraTiny } from './helpers.js';

let folder: Folder;
let bytes: Buffer;
let frames: { number: number; kind: string; offset: number; bytes: number }[];
let headerBytes: number;

beforeAll(async () => {
  folder = await Folder.create();
  const path = folder.join('good.tsr');
  // Key frames are 0 and 5 of 10.
  expect((await tesseraTiny(['compress', clip('odd-101x67.webm'), path, '--keyint', '5'])).exitCode).toBe(0);
  bytes = await readFile(path);
  const [info, ...table] = jsonLines((await tessera(['info', path, '--frames', '--json'])).stdout);
  frames = table as unknown as typeof frames;
  headerBytes = (info!['sections'] as { bytes: number }[])[0]!.bytes;
});

afterAll(() => folder[Symbol.asyncDispose]());

async function save(name: string, changed: Buffer): Promise<string> {
  await writeFile(folder.join(name), changed);
  return folder.join(name);
}

/** The stream with one bit of a frame's section turned over. */
function damageFrame(number: number): Buffer {
  const changed = Buffer.from(bytes);
  const { offset, bytes: length } = frames[number]!;
  changed[offset + (length >> 1)]! ^= 16;
  return changed;
}

describe('a damaged packet', () => {
  test('costs the frames up to the next key frame, which are concealed, counted and told', async () => {
    const path = await save('bit.tsr', damageFrame(2));
    const run = await tesseraTiny(['decompress', path, folder.join('bit.mkv'), '--json']);
    expect(run.exitCode).toBe(0);
    const done = jsonLines(run.stdout).at(-1)!;
    // Frame 2 itself is gone: nothing tells when it would have been shown.
    expect(done).toMatchObject({ frames: 9, concealedFrames: 2 });
    const text = await tesseraTiny(['decompress', path, folder.join('bit.mkv'), '-y']);
    expect(text.stderr).toMatch(/damage: a section is damaged: its CRC does not match \(at byte \d+\)/);
    expect(text.stderr).toMatch(/9 frames of 101x67, 2 of them concealed/);
  });

  test('fails with --strict and in verify, and leaves nothing', async () => {
    const path = await save('strict.tsr', damageFrame(2));
    await using out = await Folder.create();
    const strict = await tesseraTiny(['decompress', path, out.join('o.mp4'), '--strict']);
    expect(strict).toMatchObject({ exitCode: 4, stdout: '' });
    expect(strict.stderr).toMatch(/^tessera: .*CRC does not match.*at byte \d+\)$/);
    expect(await out.list()).toEqual([]);
    const verify = await tesseraTiny(['verify', path, '--json']);
    expect(verify.exitCode).toBe(4);
    expect(jsonLines(verify.stdout).at(-1)).toMatchObject({ isIntact: false, frames: 7, lostFrames: 2 });
  });

  test('a packet that is cut out whole is noticed', async () => {
    const { offset, bytes: length } = frames[7]!;
    const path = await save('gap.tsr', Buffer.concat([bytes.subarray(0, offset), bytes.subarray(offset + length)]));
    const verify = await tesseraTiny(['verify', path]);
    expect(verify.exitCode).toBe(4);
    expect(verify.stderr).toMatch(/says 10 frames, but the stream has 9/);
  });
});

describe('a stream that is cut', () => {
  test('within the header: nothing can be read', async () => {
    for (const length of [7, 10, headerBytes - 1]) {
      const path = await save('head.tsr', bytes.subarray(0, length));
      await using out = await Folder.create();
      const run = await tesseraTiny(['decompress', path, out.join('o.mp4')]);
      expect(run.exitCode).toBe(4);
      expect(run.stderr).toMatch(/^tessera: stream ends within its (magic|header).*\n?.*$/);
      expect(await out.list()).toEqual([]);
    }
  });

  test('behind it: what is whole is shown, and the cut is told', async () => {
    const third = frames[3]!;
    const cuts: [number, number][] = [
      [third.offset + 1, 3],
      [third.offset + third.bytes - 1, 3],
      [third.offset + third.bytes, 4],
      [bytes.length - 27, 10],
      [bytes.length - 1, 10],
    ];
    for (const [length, count] of cuts) {
      const path = await save('cut.tsr', bytes.subarray(0, length));
      const run = await tesseraTiny(['decompress', path, folder.join('cut.mkv'), '-y', '--json']);
      expect(run.exitCode).toBe(0);
      const done = jsonLines(run.stdout).at(-1)!;
      expect(done).toMatchObject({ frames: count });
      expect(done['problems']).not.toEqual([]);
    }
    expect((await tesseraTiny(['verify', folder.join('cut.tsr')])).exitCode).toBe(4);
  });

  test('before its first frame: nothing can be shown', async () => {
    const path = await save('none.tsr', bytes.subarray(0, frames[0]!.offset));
    await using out = await Folder.create();
    const run = await tesseraTiny(['decompress', path, out.join('o.mp4')]);
    expect(run).toMatchObject({ exitCode: 4, stdout: '' });
    expect(run.stderr).toMatch(/^tessera: no frame of the stream can be decoded: the stream ends without/);
    expect(await out.list()).toEqual([]);
  });
});
