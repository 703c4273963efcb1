import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { until } from '../support/until.js';
import { makeFrame, makeProperties, writeY4m } from '../video/helpers.js';
import { clip, Folder, jsonLines, start, tessera, tesseraTiny, textOf, TINY_PACK } from './helpers.js';

const [WIDTH, HEIGHT, FRAMES] = [64, 48, 60];

let folder: Folder;
let video: string;

function texture(x: number, y: number, scene: number): number {
  const noise = ((x * 7 * scene + y * 13) % 11) * scene * 3;
  return Math.round(110 + noise + 50 * Math.sin((scene * x) / 8 + scene) * Math.cos((y * (4 - scene)) / 9));
}

/** Three scenes of moving textures. */
async function writeVideo(path: string): Promise<void> {
  async function* frames() {
    for (let at = 0; at < FRAMES; at++) {
      await Promise.resolve();
      const scene = 1 + Math.floor((3 * at) / FRAMES);
      const frame = makeFrame(WIDTH, HEIGHT, at, BigInt(at));
      yield { ...frame, y: frame.y.map((_, i) => texture((i % WIDTH) + at, Math.floor(i / WIDTH), scene)) };
    }
  }
  const file = createWriteStream(path);
  for await (const bytes of writeY4m(frames(), makeProperties(WIDTH, HEIGHT))) file.write(bytes);
  file.end();
  await once(file, 'finish');
}

beforeAll(async () => {
  folder = await Folder.create();
  video = folder.join('in.y4m');
  await writeVideo(video);
});

afterAll(() => folder[Symbol.asyncDispose]());

interface Done {
  readonly bytes: number;
  readonly duration: number;
  readonly bytesBySection: Record<string, number>;
  readonly rate: {
    readonly aim: string;
    readonly passes: number;
    readonly bitrate: number;
    readonly reached: number | null;
    readonly chunks: { frames: number; bytes: number; probes: { quality: number; value: number }[] }[];
  };
}

async function compress(name: string, ...args: string[]): Promise<Done> {
  const run = await tesseraTiny(['compress', video, folder.join(name), '-y', '--json', ...args]);
  expect([run.stderr, run.exitCode]).toEqual(['', 0]);
  return jsonLines(run.stdout).at(-1) as unknown as Done;
}

test('a bit rate is met in two passes, and info shows it', async () => {
  const { rate, bytesBySection, duration } = await compress('rate.tsr', '--bitrate', '60k');
  expect(Math.abs(rate.bitrate - 60_000)).toBeLessThan(0.03 * 60_000);
  expect(rate.bitrate).toBeCloseTo((8 * bytesBySection['packet']!) / duration);
  expect([rate.aim, rate.passes]).toEqual(['bitrate=60000', 2]);
  expect(rate.chunks.reduce((sum, { frames }) => sum + frames, 0)).toBe(FRAMES);
  expect(rate.chunks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(bytesBySection['packet']);
  expect((await tessera(['info', folder.join('rate.tsr')])).stdout).toMatch(/aim +bitrate=60000/);
  expect((await tesseraTiny(['verify', folder.join('rate.tsr')])).exitCode).toBe(0);
});

test('a bit rate is met in one pass from a pipe', async () => {
  const run = await start(['compress', '-', '-', '--pack', TINY_PACK, '--bitrate', '60k'], { inputFile: video });
  expect(run.exitCode).toBe(0);
  const info = await tessera(['info', '-', '--json'], { input: run.stdout });
  const [stream] = jsonLines(info.stdout);
  expect(Math.abs((stream!['bitsPerSecond'] as number) - 60_000)).toBeLessThan(0.05 * 60_000);
});

test('a size is kept and used', async () => {
  for (const size of [9000, 20_000]) {
    const { bytes } = await compress('size.tsr', '--max-size', String(size));
    expect((await stat(folder.join('size.tsr'))).size).toBe(bytes);
    expect(bytes).toBeLessThanOrEqual(size);
    expect(bytes).toBeGreaterThan(0.94 * size);
  }
});

test('with a quality, a size is only a limit', async () => {
  const { bytes } = await compress('quality.tsr', '-q', '10', '--max-size', '1MB');
  expect(bytes).toBeLessThan(20_000);
});

test('a size counts sound, which can be coded again to fit', async () => {
  const source = clip('everything.mp4');
  const output = folder.join('sound.tsr');
  const small = ['compress', source, output, '--max-size', '20kB', '-y'];
  const refused = await tesseraTiny(small);
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr).toMatch(
    /a size of 20000 bytes cannot be met: sound and other tracks take \d+ bytes; .*--audio opus/,
  );
  expect(await folder.list()).not.toContain('sound.tsr');
  const kept = await tesseraTiny([...small, '--audio', 'opus:12k', '--json']);
  expect([kept.stderr, kept.exitCode]).toEqual(['', 0]);
  expect((await stat(output)).size).toBeLessThanOrEqual(20_000);
  expect((await tessera(['info', output])).stdout).toMatch(/audio +opus/);
});

test('a target is reached in each chunk', async () => {
  // The post-filter of the tiny pack spoils pictures.
  const run = await tessera(['compress', video, folder.join('target.tsr'), '--json', '--target', 'psnr=34']);
  expect([run.stderr, run.exitCode]).toEqual(['', 0]);
  const { rate } = jsonLines(run.stdout).at(-1) as unknown as Done;
  expect(rate.chunks.length).toBe(3);
  // Scenes of 64x48 have so few blocks that one step of q can change them by half a decibel.
  for (const { probes } of rate.chunks) expect(Math.abs(probes.at(-1)!.value - 34)).toBeLessThan(0.5);
  expect(Math.abs(rate.reached! - 34)).toBeLessThan(0.3);
  const shown = folder.join('target.y4m');
  expect((await tessera(['decompress', folder.join('target.tsr'), shown])).exitCode).toBe(0);
  const compared = await tessera(['compare', video, shown, '--metrics', 'psnr-y', '--json']);
  const [comparison] = jsonLines(compared.stdout) as { metrics?: Record<string, { mean: number }> }[];
  expect(comparison!.metrics!['psnr-y']!.mean).toBeCloseTo(rate.reached!, 5);
});

test('no second exceeds a largest bit rate', async () => {
  const { bytes: free } = await compress('free.tsr', '-q', '30');
  const { bytes } = await compress('peak.tsr', '-q', '30', '--max-bitrate', '40k');
  expect(bytes).toBeLessThan(free);
  const { stdout } = await tessera(['info', folder.join('peak.tsr'), '--frames', '--json']);
  const frames = jsonLines(stdout).filter(({ type }) => type === 'frame') as unknown as {
    time: number;
    bits: number;
  }[];
  for (const { time: from } of frames) {
    const second = frames.filter(({ time }) => time >= from && time < from + 1 - 1e-9);
    expect(second.reduce((sum, { bits }) => sum + bits, 0)).toBeLessThanOrEqual(40_000);
  }
});

describe('what cannot be met ends with one line, and leaves nothing behind', () => {
  test.each([
    [['--max-size', '600'], /a size of 600 bytes cannot be met: this video needs \d+ bytes at the lowest quality/],
    [['--max-size', '100'], /a size of 100 bytes cannot be met/],
    [['--bitrate', '10'], /a bit rate of 10 bit\/s cannot be met: this video needs [\d.]+ kbit\/s/],
    [['--target', 'psnr=90'], /the target psnr=90 cannot be met: .* have a PSNR Y of at most [\d.]+/],
    [['--target', 'vmaf=120'], /the target vmaf=120 cannot be met: vmaf is at most 100/],
    [['-q', '20', '--max-bitrate', '100'], /a largest bit rate of 100 bit\/s cannot be met: the second around/],
  ])('%j', async (args, message) => {
    const before = await folder.list();
    const run = await tesseraTiny(['compress', video, folder.join('none.tsr'), ...args]);
    expect(run.stderr).toMatch(message);
    expect(run.stderr.split('\n')).toHaveLength(1);
    expect(run.exitCode).toBe(3);
    expect(await folder.list()).toEqual(before);
  });
});

test.each([
  [['--bitrate', 'fast'], '--bitrate takes bits per second'],
  [['--bitrate', '0'], '--bitrate takes bits per second'],
  [['--max-size', '10XB'], '--max-size takes bytes'],
  [['--target', 'beauty=3'], '--target takes a metric and its value'],
  [['--audio', 'opus:loud'], '--audio takes copy, none, opus'],
  [['--bitrate', '1M', '-q', '20'], 'leave out the quality'],
  [['--bitrate', '1M', '--target', 'psnr=30'], 'leave out one'],
])('%j is refused', async (args, message) => {
  const run = await tesseraTiny(['compress', video, folder.join('none.tsr'), ...args]);
  expect(run.stderr).toContain(message);
  expect(run.exitCode).toBe(2);
});

test('a size needs a file', async () => {
  const run = await start(['compress', '-', '-', '--pack', TINY_PACK, '--max-size', '1MB'], { inputFile: video });
  expect(textOf(run.stderr)).toContain('a pipe can be read only once');
  expect(run.exitCode).toBe(3);
});

test.each([[['--bitrate', '60k']], [['--target', 'psnr=22']]])(
  '%j goes on after a kill and gives the same bytes',
  async (args) => {
    await using place = await Folder.create();
    const output = place.join('out.tsr');
    const line = ['compress', video, output, '--pack', TINY_PACK, ...args];
    expect((await tessera(line)).exitCode).toBe(0);
    const whole = await readFile(output);
    expect(await place.list()).toEqual(['out.tsr']);

    const killed = start([...line, '-y']);
    // The first chunk is in the journal.
    await until(async () => ((await stat(`${output}.part`).catch(() => null))?.size ?? 0) > 4000);
    killed.kill('SIGKILL');
    await killed;
    expect(await place.list()).toContain('out.tsr.part');
    await rm(output);
    const refused = await tessera(line);
    expect(refused.stderr).toContain('go on with it with --resume');
    expect(refused.exitCode).toBe(3);
    const resumed = await tessera([...line, '--resume']);
    expect([resumed.stderr, resumed.exitCode]).toEqual([expect.stringContaining('60 frames'), 0]);
    expect((await readFile(output)).equals(whole)).toBe(true);
    expect(await place.list()).toEqual(['out.tsr']);
  },
);

test('after Ctrl-C, finished work is kept and told', async () => {
  await using place = await Folder.create();
  const output = place.join('out.tsr');
  const child = start(['compress', video, output, '--pack', TINY_PACK, '--bitrate', '60k']);
  await until(async () => ((await stat(`${output}.part`).catch(() => null))?.size ?? 0) > 4000);
  child.kill('SIGINT');
  const run = await child;
  expect(run.exitCode).toBe(130);
  expect(textOf(run.stderr)).toContain(
    `finished work is kept in ${output}.part: the same command with --resume goes on`,
  );
  expect(await place.list()).toEqual(['out.tsr.part']);
});
