import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../src/errors.js';
import { computePsnr, meanPsnr, meanSquaredError } from '../../src/metrics/psnr.js';
import { makeFrame } from './frames.js';

describe('computePsnr', () => {
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
