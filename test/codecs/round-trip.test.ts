import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import type { CodecTask, ProgramCost } from '../../codecs/codec.js';
import { computePsnr } from '../../src/metrics/psnr.js';
import { ffmpegCommands } from '../../src/video/measure/ffmpeg-command.js';
import { Folder } from '../cli/helpers.js';
import { TINY_PACK } from '../support/packs.js';
import { collect } from '../video/helpers.js';
import { findCodec } from './built.js';
import { movingClip } from './clips.js';

const clip = movingClip(160, 96, 6);
let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function roundTrip(name: string, setting: number): Promise<{ bits: number; bytes: number; psnr: number }> {
  const codec = await findCodec(name);
  const file = folder.join(`${name.replaceAll(/\W/g, '_')}-${setting}`);
  const task: CodecTask = { setting, keyint: 250, threads: 1 };
  await codec.encode(clip, task, file);
  const [originals, shown] = [await collect(clip.frames()), await collect(codec.decode(file, clip, task))];
  expect(shown.map(({ width, height }) => [width, height])).toEqual(originals.map(() => [160, 96]));
  const psnr = originals.reduce((sum, frame, index) => sum + (computePsnr(frame, shown[index]!).y ?? 100), 0) / 6;
  return { bits: await codec.countPayloadBits(file), bytes: (await stat(file)).size, psnr };
}

describe.each([
  ['x264:ultrafast', 45, 25],
  ['x264:medium,bf=0,tune=zerolatency', 45, 25],
  ['x265:ultrafast', 45, 25],
  ['svt-av1:12', 60, 25],
  ['vp9:8', 60, 25],
  [`${TINY_PACK}:none`, 10, 40],
])('%s', (name, coarse, fine) => {
  test('frames come back, better ones for more bits', async () => {
    const [less, more] = [await roundTrip(name, coarse), await roundTrip(name, fine)];
    expect(more.bits).toBeGreaterThan(less.bits);
    expect(more.psnr).toBeGreaterThan(less.psnr);
    expect(more.bits).toBeLessThanOrEqual(more.bytes * 8);
  });

  test('describes itself', async () => {
    const codec = await findCodec(name);
    const { title, version } = await codec.describe();
    expect(title).not.toBe('');
    expect(version).toMatch(/\d/);
    expect(codec.command(clip, { setting: fine, keyint: 99, threads: 0 })).toContain(String(fine));
  });
});

describe('payload bits', () => {
  test('of H.264 and HEVC are those of pictures alone', async () => {
    // The text in which x264 names its settings has more than 600 bytes.
    expect((await roundTrip('x264:medium', 51)).bits).toBeLessThan(600 * 8);
    expect((await roundTrip('x265:medium', 51)).bits).toBeLessThan(600 * 8);
  });

  test('of a tessera stream are all but its side section', async () => {
    const { bits, bytes } = await roundTrip(`${TINY_PACK}:none`, 12);
    expect(bits).toBe(bytes * 8);
  });
});

test('commands are those that people would write', async () => {
  const task: CodecTask = { setting: 22, keyint: 250, threads: 0 };
  expect((await findCodec('x264:medium,bf=0')).command(clip, task)).toBe(
    'ffmpeg -i ramp.mkv -an -c:v libx264 -preset medium -bf 0 -crf 22 -g 250 ramp.mkv',
  );
  expect((await findCodec('vp9')).command(clip, task)).toContain('-cpu-used 2 -b:v 0');
  expect((await findCodec(`${TINY_PACK}:none`)).command(clip, task)).toMatch(
    /^tessera compress ramp\.mkv ramp\.tsr --quality 22 --tune lpips --keyint 250 --pack \S+ && tessera decompress ramp\.tsr/,
  );
});

describe('a codec that cannot be had', () => {
  test.each([
    ['mpeg9', /there is no codec 'mpeg9': name one of x264, x265/],
    [
      'tessera-nano:best',
      /a pack's variant is its post-filter \(none, psnr, lpips\), resilient, or both with \+ between them, then tune=lpips or tune=psnr/,
    ],
    ['tessera-nano:none,tune=ssim', /tune=lpips or tune=psnr/],
    ['tessera-nano:none,preset=placebo', /preset=slow or preset=medium/],
    ['tessera-nano:none,crf=20', /tune=lpips or tune=psnr/],
    ['x264:medium,fast', /cannot read 'fast' in the codec x264:medium,fast/],
    ['./no-such-codec.mjs', /there is no codec module/],
    ['./eslint.config.js', /default export must be a function/],
    ['ffmpeg-cli', /ffmpeg-cli needs the name of an encoder|there is no command-line ffmpeg/],
  ])('%s', async (name, message) => {
    await expect(findCodec(name)).rejects.toThrow(message);
  });

  test('an option that the encoder has not', async () => {
    const codec = await findCodec('x264:medium,nonsense=1');
    const encoded = codec.encode(clip, { setting: 30, keyint: 250, threads: 1 }, folder.join('none'));
    await expect(encoded).rejects.toThrow("the encoder libx264 has no option 'nonsense'");
  });
});

const withFfmpeg = ffmpegCommands().length > 0 ? describe : describe.skip;
withFfmpeg('ffmpeg-cli', () => {
  test('codes with an encoder of the program, and tells what the program took', async () => {
    const less = await roundTrip('ffmpeg-cli:mpeg4', 20);
    const more = await roundTrip('ffmpeg-cli:mpeg4', 2);
    expect(more.bits).toBeGreaterThan(less.bits);
    expect(more.psnr).toBeGreaterThan(less.psnr);
    const costs: ProgramCost[] = [];
    const task = { setting: 5, keyint: 250, threads: 1, onProgram: (cost: ProgramCost) => costs.push(cost) };
    await (await findCodec('ffmpeg-cli:mpeg4,setting=qscale')).encode(clip, task, folder.join('cost.mkv'));
    expect(costs).toEqual([{ cpuSeconds: expect.any(Number), peakBytes: expect.anything() }]);
  });

  test('what the program complains of comes back', async () => {
    const codec = await findCodec('ffmpeg-cli:mpeg4,nonsense=1');
    const encoded = codec.encode(clip, { setting: 5, keyint: 250, threads: 1 }, folder.join('none.mkv'));
    await expect(encoded).rejects.toThrow(/^ffmpeg failed: .*nonsense/);
    await expect(findCodec('ffmpeg-cli:libnonsense')).rejects.toThrow(/no ffmpeg here has the encoder libnonsense/);
  });
});
