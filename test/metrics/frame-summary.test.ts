import { describe, expect, test } from '@jest/globals';
import { summariseFrames } from '../../src/metrics/frame-summary.js';

describe('summariseFrames', () => {
  const values = Array.from({ length: 21 }, (_, at) => 30 + ((at * 8) % 21));

  test('tells mean, worst frame and worst 5 %', () => {
    expect(summariseFrames(values, 'psnr-y')).toEqual({ mean: 40, min: 30, p5: 31 });
    expect(summariseFrames(values, 'lpips')).toEqual({ mean: 40, min: 50, p5: 49 });
  });

  test('interpolates between frames, as numpy.percentile does', () => {
    expect(summariseFrames([4, 1, 3, 2], 'ssim')!.p5).toBeCloseTo(1.15, 12);
    expect(summariseFrames([4, 1, 3, 2], 'lpips')!.p5).toBeCloseTo(3.85, 12);
  });

  test('takes one frame, and has nothing to say of none', () => {
    expect(summariseFrames([5], 'vmaf')).toEqual({ mean: 5, min: 5, p5: 5 });
    expect(summariseFrames([], 'steady-psnr')).toBeNull();
  });

  test('does not reorder what it is given', () => {
    const given = [3, 1, 2];
    summariseFrames(given, 'ssim');
    expect(given).toEqual([3, 1, 2]);
  });
});
