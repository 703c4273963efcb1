import { describe, expect, test } from '@jest/globals';
import { CancelledError, EnvironmentError, InputError } from '../../src/errors.js';
import { Lpips } from '../../src/metrics/lpips.js';
import {
  explainUnavailable,
  isMetricName,
  measureFrames,
  METRIC_NAMES,
  METRICS,
  type FramePair,
  type MetricName,
} from '../../src/metrics/measures.js';
import { computeMsSsim } from '../../src/metrics/ms-ssim.js';
import { computePsnr } from '../../src/metrics/psnr.js';
import { computeSsim } from '../../src/metrics/ssim.js';
import { computeSteadyPsnr } from '../../src/metrics/steadiness.js';
import type { ColourDescription } from '../../src/video/frame.js';
import { makeFrame } from './frames.js';
import { drawPair } from './pictures.js';

const COLOUR: ColourDescription = { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 };
const FRAME_METRICS = METRIC_NAMES.filter((name) => !name.startsWith('vmaf') && name !== 'xpsnr');

function drawClip(width: number, height: number, frames: number): FramePair[] {
  return Array.from({ length: frames }, (_, at) => drawPair(width, height, 10 + at, 20 + 10 * at));
}

describe('measureFrames', () => {
  test('gives what the functions for single frames give', async () => {
    const clip = drawClip(170, 164, 3);
    const values = await measureFrames(FRAME_METRICS, clip, { colour: COLOUR, threads: 1 });
    expect(Object.keys(values)).toEqual(FRAME_METRICS);
    await using lpips = await Lpips.create();
    for (const [at, { original, decoded }] of clip.entries()) {
      const { y, u, v, yuv } = computePsnr(original, decoded);
      expect([values['psnr-y'][at], values['psnr-u'][at], values['psnr-v'][at]]).toEqual([y, u, v]);
      expect(values['psnr-yuv'][at]).toBeCloseTo(yuv!, 12);
      expect(values.ssim[at]).toBe(computeSsim(original, decoded));
      expect(values['ms-ssim'][at]).toBe(computeMsSsim(original, decoded));
      expect(values.lpips[at]).toBeCloseTo(await lpips.compare(original, decoded, COLOUR), 6);
      if (at > 0) expect(values['steady-psnr'][at - 1]).toBe(computeSteadyPsnr(clip[at - 1]!, clip[at]!));
    }
    expect(values['steady-psnr']).toHaveLength(2);
    expect(values['steady-lpips']).toHaveLength(2);
    for (const distance of values['steady-lpips']) expect(distance).toBeGreaterThan(0.01);
  });

  test('gives the same in worker threads, in order, and takes pairs only as fast as they are measured', async () => {
    // Worker threads load compiled files, so what uses them is tested as it is built in dist/.
    const path = new URL('../../dist/src/metrics/measures.js', import.meta.url).href;
    const built = (await import(path)) as { measureFrames: typeof measureFrames };
    const clip = drawClip(170, 164, 9);
    const alone = await measureFrames(FRAME_METRICS, clip, { colour: COLOUR, threads: 1 });
    const told: number[] = [];
    const shared = await built.measureFrames(FRAME_METRICS, clip, {
      colour: COLOUR,
      threads: 3,
      onFrame: (frames) => told.push(frames),
    });
    expect(shared).toEqual(alone);
    expect(told).toEqual(clip.map((_, at) => at + 1));
    for (const threads of [1, 2]) {
      const error = await built
        .measureFrames(['ssim'], [clip[0]!, drawPair(164, 170, 1, 1)], { colour: COLOUR, threads })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        name: 'InputError',
        message: expect.stringMatching(/170x164 and 164x170/),
      });
    }
  });

  test('identical frames have finite values', async () => {
    const { original } = drawPair(161, 162, 1, 0);
    const names = ['psnr-y', 'psnr-u', 'psnr-v', 'psnr-yuv', 'xpsnr', 'steady-psnr'] as const;
    const same = { original, decoded: original };
    const values = await measureFrames(names, [same, same], { colour: COLOUR, threads: 1 });
    expect(values).toEqual({
      'psnr-y': [100, 100],
      'psnr-u': [100, 100],
      'psnr-v': [100, 100],
      'psnr-yuv': [100, 100],
      xpsnr: [100, 100],
      'steady-psnr': [100],
    });
  });

  test('XPSNR comes from the filter, the worst plane of each frame', async () => {
    const clip = drawClip(96, 80, 3);
    const { xpsnr } = await measureFrames(['xpsnr'], clip, { colour: COLOUR, frameRate: { num: 30, den: 1 } });
    expect(xpsnr).toHaveLength(3);
    for (const [at, { original, decoded }] of clip.entries()) {
      // Weights of blocks move it away from PSNR, but not far.
      const { y, u, v } = computePsnr(original, decoded);
      expect(Math.abs(xpsnr[at]! - Math.min(y!, u!, v!))).toBeLessThan(8);
    }
    expect(xpsnr[0]).toBeGreaterThan(xpsnr[2]!);
  });

  test('a clip of one frame has no temporal values', async () => {
    const values = await measureFrames(['ssim', 'steady-psnr'], drawClip(32, 32, 1), { colour: COLOUR, threads: 1 });
    expect(values.ssim).toHaveLength(1);
    expect(values['steady-psnr']).toEqual([]);
  });

  test('refuses no frame, other sizes, small pictures, and ends at a signal', async () => {
    const options = { colour: COLOUR, threads: 1 };
    await expect(measureFrames(['ssim'], [], options)).rejects.toThrow('there is no frame to measure');
    const [first] = drawClip(32, 32, 1);
    await expect(measureFrames(['ssim'], [first!, drawPair(32, 40, 1, 1)], options)).rejects.toThrow(InputError);
    await expect(measureFrames(['ms-ssim'], [first!], options)).rejects.toThrow(
      'MS-SSIM needs pictures of at least 161x161, these are 32x32',
    );
    const signal = AbortSignal.abort();
    await expect(measureFrames(['ssim'], [first!], { ...options, signal })).rejects.toThrow(CancelledError);
  });
});

describe('metrics', () => {
  test('all are named, and only they', () => {
    expect(METRIC_NAMES).toHaveLength(14);
    expect(METRIC_NAMES.every(isMetricName)).toBe(true);
    expect(['', 'psnr', 'toString'].some(isMetricName)).toBe(false);
    const lower = METRIC_NAMES.filter((name) => !METRICS[name].higherIsBetter);
    expect(lower).toEqual(['lpips', 'steady-lpips']);
  });

  test.each<[MetricName, RegExp]>([
    ['ssim', /SSIM needs pictures of at least 8x8, these are 6x6/],
    ['lpips', /LPIPS needs pictures of at least 31x31/],
    ['steady-lpips', /Temporal LPIPS needs/],
    ['vmaf', /VMAF needs/],
    ['vmaf-neg', /VMAF NEG needs/],
    ['vmaf-v1', /VMAF v1 needs pictures of at least 216x216/],
    ['flicker', /Flicker PSNR needs pictures of at least 8x8/],
  ])('%s says why it is not there', async (name, reason) => {
    expect(
      await explainUnavailable(
        name,
        makeFrame(6, 6, () => 0),
      ),
    ).toMatch(reason);
  });

  test('others are always there, and VMAF that is missing is the lack of the machine', async () => {
    for (const name of ['psnr-y', 'psnr-yuv', 'steady-psnr', 'xpsnr'] as const) {
      expect(await explainUnavailable(name, { width: 2, height: 2 })).toBeNull();
    }
    const { FFMPEG_PATH, PATH } = process.env;
    process.env['FFMPEG_PATH'] = process.env['PATH'] = '';
    try {
      await expect(measureFrames(['vmaf'], drawClip(192, 192, 1), { colour: COLOUR, threads: 1 })).rejects.toThrow(
        EnvironmentError,
      );
      expect(await explainUnavailable('vmaf', { width: 192, height: 192 })).toMatch(
        /^VMAF needs a command-line ffmpeg with libvmaf, and .*: install one, or name it in FFMPEG_PATH$/,
      );
    } finally {
      process.env['PATH'] = PATH;
      if (FFMPEG_PATH === undefined) delete process.env['FFMPEG_PATH'];
      else process.env['FFMPEG_PATH'] = FFMPEG_PATH;
    }
  });
});
