import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cropPlane } from '../../src/codec/planes.js';
import { filmedSize, filmPicture, viewsOf, type Path } from '../../src/dev/camera.js';
import { dumpClips, requireDifferentNames, type DumpOptions } from '../../src/dev/dump.js';
import { openVideo } from '../../src/video/in/media-reader.js';
import { writePng } from '../../src/video/in/images.js';
import { seededRandom } from '../entropy/random.js';
import { TINY_PACK } from '../support/packs.js';
import { readNpy, type NpyArray } from './read-npy.js';

const clip = fileURLToPath(new URL('../../fixtures/clips/odd-101x67.webm', import.meta.url));

let folder: string;
let options: DumpOptions;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tessera-dump-'));
  options = {
    out: join(folder, 'shards'),
    frames: 3,
    quality: [20, 30],
    seed: 1,
    pack: TINY_PACK,
    loopFilter: true,
    scales: false,
    tune: 'lpips',
    crop: null,
    camera: false,
    searchFrames: 4,
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function dump(clips: readonly string[], more: Partial<DumpOptions> = {}): Promise<string[]> {
  const folders: string[] = [];
  for await (const { folder, frames } of dumpClips(clips, { ...options, ...more })) {
    folders.push(`${folder} ${frames}`);
  }
  return folders;
}

async function readShard(path: string): Promise<Map<string, NpyArray>> {
  const arrays = new Map<string, NpyArray>();
  for (const file of (await readdir(path)).filter((name) => name.endsWith('.npy'))) {
    arrays.set(file.replace('.npy', ''), await readNpy(join(path, file)));
  }
  return arrays;
}

test('a shard holds what the encoder decided, in the shapes that training reads', async () => {
  const path = join(options.out, 'odd-101x67-s1');
  expect(await dump([clip])).toEqual([`${path} 3`]);
  const meta = JSON.parse(await readFile(join(path, 'meta.json'), 'utf8')) as Record<string, unknown>;
  expect(meta).toMatchObject({ clip: 'odd-101x67', width: 101, height: 67, rows: 5, columns: 7, frames: 3 });
  expect(meta['q']).toBeGreaterThanOrEqual(20);
  expect(meta['q']).toBeLessThanOrEqual(30);
  const arrays = await readShard(path);
  const shapes = Object.fromEntries([...arrays].map(([name, { shape }]) => [name, shape]));
  const pictures = ['unfiltered', 'loop', 'original'].flatMap((name) => [
    [`${name}-y`, [3, 80, 112]],
    [`${name}-u`, [3, 40, 56]],
    [`${name}-v`, [3, 40, 56]],
  ]);
  expect(shapes).toEqual({
    ...Object.fromEntries(pictures),
    context: [3, 32, 5, 7],
    memory: [3, 384, 5, 7],
    tokens: [3, 384, 5, 7],
    side: [3, 7, 10, 14],
    'mode-symbols': [expect.any(Number), 3],
  });

  // Plane 0 marks inter frames, plane 12 is constant; the first frame is a key frame without memory.
  const context = arrays.get('context')!.data;
  const plane = (frame: number, index: number): number[] => [
    ...context.subarray((frame * 32 + index) * 35, (frame * 32 + index + 1) * 35),
  ];
  expect([0, 1, 2].map((frame) => new Set(plane(frame, 0)))).toEqual([new Set([0]), new Set([64]), new Set([64])]);
  expect(new Set(plane(1, 12))).toEqual(new Set([64]));
  const memory = arrays.get('memory')!.data;
  expect(memory.subarray(0, 384 * 35).every((value) => value === 0)).toBe(true);
  expect(memory.subarray(384 * 35).some((value) => value > 0)).toBe(true);

  // Tokens stand where groups are coded, and nowhere else.
  const tokens = arrays.get('tokens')!.data;
  for (let frame = 0; frame < 3; frame++) {
    const [luma, chroma] = [plane(frame, 8), plane(frame, 9)];
    for (let at = 0; at < 35; at++) {
      const column = Array.from({ length: 384 }, (_, i) => tokens[(frame * 384 + i) * 35 + at]!);
      if (luma[at] === 0) expect(column.slice(0, 256).every((value) => value === 0)).toBe(true);
      if (chroma[at] === 0) expect(column.slice(256).every((value) => value === 0)).toBe(true);
    }
  }
  expect(tokens.some((value) => value !== 0)).toBe(true);

  // Symbols belong to their tables.
  const names = meta['modeTables'] as string[];
  const symbols = arrays.get('mode-symbols')!.data;
  for (let i = 0; i < symbols.length; i += 3) expect(names[symbols[i]!]).toBeDefined();
  expect(symbols.some((value, i) => i % 3 === 0 && names[value] === 'typeKey')).toBe(true);

  // The loop picture is closer to the original than grey is.
  const samples = (name: string): Uint8Array => arrays.get(name)!.data as Uint8Array;
  const original = samples('original-y');
  const error = (name: string): number => samples(name).reduce((sum, v, i) => sum + (v - original[i]!) ** 2, 0);
  expect(error('loop-y')).toBeLessThan(0.1 * original.reduce((sum, v) => sum + (v - 128) ** 2, 0));
  expect(error('loop-y')).toBeLessThanOrEqual(error('unfiltered-y'));
});

test('a shard that is complete is left alone; the same seed gives the same one, another seed another', async () => {
  const path = join(options.out, 'odd-101x67-s1');
  await dump([clip]);
  expect(await dump([clip])).toEqual([`${path} null`]);
  const again = join(folder, 'again');
  await dump([clip], { out: again });
  expect(await readShard(join(again, 'odd-101x67-s1'))).toEqual(await readShard(path));
  await dump([clip], { seed: 2, out: again });
  expect(await readdir(again)).toEqual(['odd-101x67-s1', 'odd-101x67-s2']);
  expect(await readShard(join(again, 'odd-101x67-s2'))).not.toEqual(await readShard(path));
});

test('pictures are clips of one frame, and are cropped', async () => {
  const path = join(folder, 'noise.png');
  const random = seededRandom(9);
  await writePng(
    path,
    Uint8Array.from({ length: 90 * 60 * 3 }, () => Math.floor(256 * random())),
    90,
    60,
  );
  const out = join(folder, 'pictures');
  expect(await dump([path], { out, crop: 40 })).toEqual([`${join(out, 'noise-s1')} 1`]);
  const arrays = await readShard(join(out, 'noise-s1'));
  expect(arrays.get('original-y')!.shape).toEqual([1, 48, 48]);
});

test('the camera over a picture is told exactly', async () => {
  const path = join(folder, 'filmed.png');
  await writePng(
    path,
    Uint8Array.from({ length: 120 * 90 * 3 }, (_, i) => (i * 7) % 251),
    120,
    90,
  );
  const out = join(folder, 'camera');
  expect(await dump([path], { out, camera: true })).toEqual([`${join(out, 'filmed-s1')} 3`]);
  const meta = JSON.parse(await readFile(join(out, 'filmed-s1', 'meta.json'), 'utf8')) as { camera: Path };
  const frames = await readNpy(join(out, 'filmed-s1', 'original-y.npy'));
  await using video = await openVideo([path]);
  const views = viewsOf(meta.camera, 3);
  for await (const picture of video.frames()) {
    const shown = [...filmPicture(picture, views, filmedSize(picture))];
    expect(shown).toHaveLength(3);
    // The shard has the frames in coding order.
    const [, codedHeight, codedWidth] = frames.shape as [number, number, number];
    const written = [0, 1, 2].map((index) =>
      cropPlane(
        (frames.data as Uint8Array).subarray(index * codedHeight * codedWidth),
        codedWidth,
        shown[0]!.width,
        shown[0]!.height,
      ),
    );
    for (const { y } of shown) expect(written).toContainEqual(y);
  }
  const still = JSON.parse(await readFile(join(options.out, 'odd-101x67-s1', 'meta.json'), 'utf8')) as object;
  expect(still).toMatchObject({ camera: null });
});

test('a large block has its tokens in its first macroblock; all of its macroblocks say its size', async () => {
  // Grey but for a bright spot in the last macroblock: blocks of all sizes.
  const path = join(folder, 'spot.png');
  const at = (x: number, y: number): number => (x > 120 && y > 120 ? 40 * ((x ^ y) & 3) : x + y);
  await writePng(
    path,
    Uint8Array.from({ length: 128 * 128 * 3 }, (_, i) => at(Math.floor(i / 3) % 128, Math.floor(i / 384))),
    128,
    128,
  );
  const out = join(folder, 'large');
  await dump([path], { out, scales: true });
  const arrays = await readShard(join(out, 'spot-s1'));
  const context = arrays.get('context')!.data;
  const tokens = arrays.get('tokens')!.data;
  const sizes = new Set<number>();
  let rows = 0;
  for (let at = 0; at < 64; at++) {
    const plane = (index: number): number => context[index * 64 + at]!;
    const size = plane(29) > 0 ? 1 : plane(30) > 0 ? 2 : 0;
    sizes.add(size);
    const isFirst = (((at >> 3) | (at & 7)) & ((1 << size) - 1)) === 0;
    if (isFirst && plane(8) + plane(9) > 0) rows += ((at >> 3) + at) & 1 ? 2 : 1;
    if (isFirst) continue;
    const own = Array.from({ length: 384 }, (_, i) => tokens[i * 64 + at]!);
    expect(own.every((value) => value === 0)).toBe(true);
  }
  expect(sizes.size).toBeGreaterThan(1);
  // Every row of the prior, and those of pass 1 again.
  expect(arrays.get('scales')!.shape).toEqual([rows, 384]);
});

test('two clips of one name are refused', async () => {
  const other = join(folder, 'odd-101x67.mkv');
  await cp(clip, other);
  expect(() => requireDifferentNames([clip, other])).toThrow(/have one name/);
  expect(() => requireDifferentNames([clip, join(folder, 'else.mkv')])).not.toThrow();
});
