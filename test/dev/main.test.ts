import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execa } from 'execa';
import { readFile, readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { clip, Folder, TINY_PACK } from '../cli/helpers.js';

const program = resolve('dist/src/dev/main.js');
let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
});

afterAll(() => folder[Symbol.asyncDispose]());

function dump(...args: string[]) {
  return execa(process.execPath, [program, 'dump', '--pack', TINY_PACK, ...args], { reject: false });
}

/** Shape of a `.npy` file, checked against its size. */
async function shapeOf(path: string, bytesPerElement: number): Promise<number[]> {
  const bytes = await readFile(path);
  const header = bytes.subarray(10, 10 + bytes.readUInt16LE(8)).toString('latin1');
  const shape = /'shape': \(([\d, ]+)\)/
    .exec(header)![1]!
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  expect(bytes.length).toBe(10 + bytes.readUInt16LE(8) + bytesPerElement * shape.reduce((a, b) => a * b, 1));
  return shape;
}

describe('tessera-dev dump', () => {
  test('writes a shard per clip, draws the same again, and goes on where it was', async () => {
    const clips = [clip('odd-101x67.webm'), clip('one-frame.mp4')];
    const args = ['--out', folder.join('a'), '--frames', '3', '--quality-range', '20..30', '--loop-filter', 'on'];
    const first = await dump(...clips, ...args);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readdir(folder.join('a'))).toEqual(['odd-101x67-s1', 'one-frame-s1']);
    const shard = folder.join('a', 'odd-101x67-s1');
    const meta = JSON.parse(await readFile(`${shard}/meta.json`, 'utf8')) as { q: number };
    expect(meta).toMatchObject({ clip: 'odd-101x67', width: 101, height: 67, rows: 5, columns: 7, frames: 3 });
    expect(meta.q).toBeGreaterThanOrEqual(20);
    expect(meta.q).toBeLessThanOrEqual(30);
    expect(await shapeOf(`${shard}/tokens.npy`, 1)).toEqual([3, 384, 5, 7]);
    expect(await shapeOf(`${shard}/context.npy`, 1)).toEqual([3, 32, 5, 7]);
    expect(await shapeOf(`${shard}/memory.npy`, 1)).toEqual([3, 384, 5, 7]);
    expect(await shapeOf(`${shard}/original-y.npy`, 1)).toEqual([3, 80, 112]);
    expect(await shapeOf(`${shard}/loop-u.npy`, 1)).toEqual([3, 40, 56]);
    expect((await shapeOf(`${shard}/mode-symbols.npy`, 4))[1]).toBe(3);
    // The second frame remembers tokens of the first.
    const memory = (await readFile(`${shard}/memory.npy`)).subarray(128);
    expect(memory.subarray(0, 384 * 35).every((value) => value === 0)).toBe(true);
    expect(memory.subarray(384 * 35).some((value) => value > 0)).toBe(true);

    const { mtimeMs } = await stat(`${shard}/meta.json`);
    const again = await dump(...clips, ...args);
    expect(again.stdout.match(/is there/g)).toHaveLength(2);
    expect((await stat(`${shard}/meta.json`)).mtimeMs).toBe(mtimeMs);

    const other = await dump(clips[0]!, ...args.with(1, folder.join('b')), '--workers', '2');
    expect(other.exitCode).toBe(0);
    for (const name of await readdir(shard)) {
      expect(await readFile(folder.join('b', 'odd-101x67-s1', name))).toEqual(await readFile(`${shard}/${name}`));
    }
  });

  test('refuses what makes no sense', async () => {
    expect(await dump('--out', folder.join('c'))).toMatchObject({ exitCode: 3 });
    const twice = await dump(clip('everything.mp4'), clip('everything.mkv'), '--out', folder.join('c'));
    expect(twice).toMatchObject({ exitCode: 3 });
    expect(twice.stderr).toMatch(/^tessera-dev: .* have one name/);
    expect(await dump(clip('rgb.mkv'), '--out', folder.join('c'), '--quality-range', '9')).toMatchObject({
      exitCode: 3,
    });
  });
});

describe('tessera-dev classifier-pictures', () => {
  test('writes pictures as the classifier takes them, evenly spread', async () => {
    const out = folder.join('pictures');
    const args = ['classifier-pictures', clip('odd-101x67.webm'), clip('one-frame.mp4'), '--out', out, '--count', '2'];
    const run = await execa(process.execPath, [program, ...args], { reject: false });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout.split('\n')).toEqual([`${out}/odd-101x67.npy: 2 pictures`, `${out}/one-frame.npy: 1 pictures`]);
    expect(await shapeOf(`${out}/odd-101x67.npy`, 1)).toEqual([2, 224, 224, 3]);
    expect(await shapeOf(`${out}/one-frame.npy`, 1)).toEqual([1, 224, 224, 3]);
  });
});

describe('tessera-dev camera-clips', () => {
  test('writes clips of pictures, and refuses what makes no sense', async () => {
    const run = (...more: string[]) =>
      execa(
        process.execPath,
        [program, 'camera-clips', clip('odd-101x67.webm'), '--out', folder.join('film'), ...more],
        {
          reject: false,
        },
      );
    const made = await run('--side', '32', '--frames', '5', '--codings', `${TINY_PACK}@30`);
    expect(made).toMatchObject({ exitCode: 0, stderr: '' });
    expect(made.stdout).toBe(`${folder.join('film', 'odd-101x67')}: 9 clips`);
    expect(await shapeOf(folder.join('film', 'odd-101x67', 'tiny-pack-30-pictures.npy'), 1)).toEqual([9, 5, 32, 32]);
    for (const wrong of [
      ['--side', '40'],
      ['--frames', '8'],
      ['--codings', 'tessera-nano'],
    ] as const) {
      const refused = await run(...wrong);
      expect(refused).toMatchObject({ exitCode: 3 });
      expect(refused.stderr).toMatch(new RegExp(`^tessera-dev: ${wrong[0]} `));
    }
  });
});
