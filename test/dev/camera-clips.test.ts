import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { filmClips, type CameraClipsOptions } from '../../src/dev/camera-clips.js';
import { MOTIONS } from '../../src/dev/camera-motion.js';
import { CELL_FIELDS } from '../../src/dev/clip-coder.js';
import { writePng } from '../../src/video/in/images.js';
import { TINY_LOOKUP_FREE_PACK, TINY_PACK } from '../support/packs.js';
import { readNpy, type NpyArray } from './read-npy.js';

const video = fileURLToPath(new URL('../../fixtures/clips/odd-101x67.webm', import.meta.url));

let folder: string;
let photo: string;
let options: CameraClipsOptions;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-camera-'));
  photo = join(folder, 'photo.png');
  const sample = (x: number, y: number): number => 128 + 60 * Math.sin(x / 3) + 60 * Math.cos(y / 4 + x / 9);
  await writePng(
    photo,
    Uint8Array.from({ length: 120 * 90 * 3 }, (_, i) => sample(Math.floor(i / 3) % 120, Math.floor(i / 360))),
    120,
    90,
  );
  options = {
    out: join(folder, 'clips'),
    frames: 9,
    side: 32,
    seed: 1,
    codings: [
      { pack: TINY_PACK, quality: 40 },
      { pack: TINY_LOOKUP_FREE_PACK, quality: 6 },
    ],
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function film(pictures: readonly string[], more: Partial<CameraClipsOptions> = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const { folder, clips } of filmClips(pictures, { ...options, ...more })) lines.push(`${folder} ${clips}`);
  return lines;
}

async function arrays(path: string): Promise<Record<string, NpyArray>> {
  const names = (await readdir(path)).filter((name) => name.endsWith('.npy')).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name.replace('.npy', ''), await readNpy(join(path, name))] as const)),
  );
}

test('a picture gives a clip of each motion, with labels, decoded pictures, tokens and state', async () => {
  const path = join(options.out, 'photo');
  expect(await film([photo])).toEqual([`${path} 9`]);
  const meta = JSON.parse(await readFile(join(path, 'meta.json'), 'utf8')) as { labels: { motion: string }[] };
  expect(meta).toMatchObject({ clip: 'photo', frames: 9, side: 32 });
  expect(meta.labels.map(({ motion }) => motion)).toEqual(MOTIONS);
  const found = await arrays(path);
  expect(Object.entries(found).map(([name, { shape }]) => [name, shape])).toEqual([
    ['original', [9, 9, 32, 32]],
    ['tiny-lookup-free-pack-6-pictures', [9, 9, 32, 32]],
    ['tiny-lookup-free-pack-6-state', [9, expect.any(Number), 4, 4]],
    ['tiny-lookup-free-pack-6-tokens', [9, 3, 4, 4]],
    ['tiny-pack-40-pictures', [9, 9, 32, 32]],
    ['tiny-pack-40-tokens', [9, 9, CELL_FIELDS, 4, 4]],
  ]);

  // Decoded pictures are those of the original, in display order; a moving clip changes more than a still one.
  const [original, decoded] = [found['original']!.data, found['tiny-pack-40-pictures']!.data];
  const clip = 9 * 32 * 32;
  const change = (data: ArrayLike<number>, first: number): number => {
    let sum = 0;
    for (let at = first * clip; at < (first + 1) * clip - 1024; at++) sum += Math.abs(data[at + 1024]! - data[at]!);
    return sum / (clip - 1024);
  };
  let error = 0;
  for (let at = 0; at < original.length; at++) error += Math.abs(original[at]! - decoded[at]!);
  expect(error / original.length).toBeLessThan(6);
  for (let motion = 1; motion < 9; motion++) expect(change(original, motion)).toBeGreaterThan(change(original, 0));

  // Ids have the channels in use; distances of references lie within the clip, and only key frames have none.
  expect(Math.max(...found['tiny-lookup-free-pack-6-tokens']!.data)).toBeLessThan(64);
  const tokens = found['tiny-pack-40-tokens']!.data;
  const distance = (frame: number): number => tokens[(frame * CELL_FIELDS + 9) * 16]!;
  expect(distance(0)).toBe(0);
  for (let frame = 1; frame < 9; frame++) {
    expect(distance(frame)).not.toBe(0);
    expect(Math.abs(distance(frame))).toBeLessThanOrEqual(8);
  }
});

test('complete folders are left alone; the same seed draws the same clips, also of videos', async () => {
  const path = join(options.out, 'photo');
  const { mtimeMs } = await stat(join(path, 'meta.json'));
  expect(await film([photo])).toEqual([`${path} null`]);
  expect((await stat(join(path, 'meta.json'))).mtimeMs).toBe(mtimeMs);
  const again = { out: join(folder, 'again'), codings: [] };
  expect(await film([photo, video], again)).toHaveLength(2);
  const { original } = await arrays(join(again.out, 'photo'));
  expect(original).toEqual((await arrays(path))['original']);
  expect((await arrays(join(again.out, 'odd-101x67')))['original']!.shape).toEqual([9, 9, 32, 32]);
  await film([photo], { ...again, out: join(folder, 'other'), seed: 2 });
  expect((await arrays(join(folder, 'other', 'photo')))['original']).not.toEqual(original);
});
