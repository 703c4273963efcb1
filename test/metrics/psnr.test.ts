import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../src/errors.js';
import { computePsnr, limitDecibel, meanPsnr, meanSquaredError } from '../../src/metrics/psnr.js';
import { ComparisonFilter } from '../../src/video/measure/comparison-filter.js';
import { makeFrame } from './frames.js';
import { drawPair } from './pictures.js';

describe('computePsnr', () => {
  test.each([
    [64, 48, 1, 30],
    [67, 45, 2, 90],
    [33, 17, 3, 250],
  ])("is FFmpeg's at %dx%d", async (width, height, seed, strength) => {
    const { original, decoded } = drawPair(width, height, seed, strength);
    using filter = await ComparisonFilter.start('psnr', { width, height, frameRate: { num: 25, den: 1 } });
    const expected = await filter.measure(original, decoded);
    const psnr = computePsnr(original, decoded);
    for (const plane of ['y', 'u', 'v'] as const) {
      // FFmpeg notes two decimals.
      expect(Math.abs(psnr[plane]! - Number(expected[`lavfi.psnr.psnr.${plane}`]))).toBeLessThan(0.0051);
    }
  });

  test('gives the textbook value for a constant difference, plane by plane', () => {
    const reference = makeFrame(9, 5, () => 100);
    const shown = makeFrame(
      9,
      5,
      () => 105,
      (_x, _y, plane) => (plane === 0 ? 126 : 129),
    );
    const psnr = computePsnr(reference, shown);
    expect(psnr.y).toBeCloseTo(20 * Math.log10(255 / 5), 10);
    expect(psnr.u).toBeCloseTo(20 * Math.log10(255 / 2), 10);
    expect(psnr.v).toBeCloseTo(20 * Math.log10(255), 10);
    expect(psnr.yuv).toBeCloseTo((6 * psnr.y! + psnr.u! + psnr.v!) / 8, 10);
  });

  test('averages squares, not magnitudes', () => {
    expect(meanSquaredError(Uint8Array.of(0, 255, 10, 10), Uint8Array.of(255, 0, 10, 12))).toBe(
      (2 * 255 * 255 + 4) / 4,
    );
  });

  test('is null, never infinite, for identical planes', () => {
    const reference = makeFrame(16, 16, (x) => x);
    const shown = makeFrame(16, 16, (x) => x + 1);
    expect(computePsnr(reference, reference)).toEqual({ y: null, u: null, v: null, yuv: null });
    expect(computePsnr(reference, shown)).toMatchObject({ u: null, v: null, yuv: null });
    expect(computePsnr(reference, shown).y).toBeCloseTo(48.13, 2);
  });

  test('refuses frames of two sizes', () => {
    const [a, b] = [makeFrame(16, 16, () => 0), makeFrame(16, 18, () => 0)];
    expect(() => computePsnr(a, b)).toThrow(InputError);
    expect(() => computePsnr(a, b)).toThrow(/16x16 and 16x18/);
  });
});

describe('meanPsnr', () => {
  test('leaves identical frames out and counts them', () => {
    expect(meanPsnr([30, null, 40])).toEqual({ mean: 35, identicalFrames: 1 });
    expect(meanPsnr([null, null])).toEqual({ mean: null, identicalFrames: 2 });
    expect(meanPsnr([])).toEqual({ mean: null, identicalFrames: 0 });
  });
});

test('limitDecibel: 100 dB stand for identical planes, and nothing is above', () => {
  expect([null, 99, 120].map(limitDecibel)).toEqual([100, 99, 100]);
});
