import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeClip } from '../bench/bench.js';
import { clip, Folder, jsonLines, tessera } from './helpers.js';

let folder: Folder;
let [long, short, small]: string[] = [];

beforeAll(async () => {
  folder = await Folder.create();
  long = await writeClip(folder.join('long.y4m'), 64, 48, 4);
  short = await writeClip(folder.join('short.y4m'), 64, 48, 3);
  small = await writeClip(folder.join('small.y4m'), 32, 48, 3);
});
afterAll(() => folder[Symbol.asyncDispose]());

test('a video against itself, as a table and as JSON', async () => {
  const table = await tessera(['compare', long!, long!, '--metrics', 'psnr-y,lpips']);
  expect(table).toMatchObject({ exitCode: 0, stderr: '' });
  expect(table.stdout).toMatch(/PSNR Y\s+100\.00\s+100\.00\s+100\.00\s+dB/);
  expect(table.stdout).toMatch(/LPIPS\s+0\.0000/);
  expect(table.stdout).toMatch(/4 frames of 64x48$/);
  const json = await tessera(['compare', long!, long!, '--metrics', 'psnr-y,steady-psnr', '--json']);
  const perFrame = (count: number): unknown => ({ mean: 100, min: 100, p5: 100, perFrame: Array(count).fill(100) });
  expect(jsonLines(json.stdout)).toEqual([
    {
      ...{ type: 'comparison', original: long, changed: long, width: 64, height: 48, frames: 4 },
      metrics: { 'psnr-y': perFrame(4), 'steady-psnr': perFrame(3) },
      notes: [],
    },
  ]);
});

test('without a wish what can be measured is, with a note', async () => {
  const run = await tessera(['compare', long!, long!]);
  expect(run.exitCode).toBe(0);
  expect(run.stderr).toMatch(/^tessera: note: MS-SSIM needs pictures of at least 161x161, these are 64x48$/);
  expect(run.stdout).toMatch(/PSNR 6:1:1[^]*SSIM[^]*LPIPS/);
});

test('a metric without values says why', async () => {
  const moving = await tessera(['compare', long!, long!, '--metrics', 'psnr-y,flicker']);
  expect(moving).toMatchObject({ exitCode: 0 });
  expect(moving.stderr).toBe('tessera: note: Flicker PSNR has no value: the original has no still regions');
  expect(moving.stdout).not.toMatch(/Flicker/);
  const single = await tessera(['compare', long!, long!, '--metrics', 'psnr-y,flicker', '--frames', '1']);
  expect(single.stderr).toBe('tessera: note: Flicker PSNR has no value: it needs two frames');
});

describe('videos that do not fit', () => {
  test('of different lengths: unless it is said how much of them', async () => {
    const args = ['compare', long!, short!, '--metrics', 'psnr-y'];
    const run = await tessera(args);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(
      /short\.y4m has 3 frames, \S+long\.y4m has more: compare what both have with --frames 3$/,
    );
    expect((await tessera([...args, '--frames', '3'])).stdout).toMatch(/3 frames of 64x48/);
    expect((await tessera([...args, '--frames', '9'])).exitCode).toBe(3);
  });

  test.each([
    [() => [short!, small!], 3, /short\.y4m is 64x48, \S+small\.y4m is 32x48: scale one of them/],
    [() => [short!, 'none.mkv'], 3, /none\.mkv does not exist/],
    [() => [short!, short!, '--metrics', 'ms-ssim'], 3, /MS-SSIM needs pictures of at least/],
    [() => [clip('one-frame.mp4'), clip('one-frame.mp4'), '--metrics', 'best'], 2, /there is no metric 'best'/],
  ])('%#', async (args, exitCode, message) => {
    const run = await tessera(['compare', ...args()]);
    expect(run).toMatchObject({ exitCode, stdout: '' });
    expect(run.stderr).toMatch(message);
  });
});
