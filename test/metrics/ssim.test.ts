import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../src/errors.js';
import { computeSsim } from '../../src/metrics/ssim.js';
import { ComparisonFilter } from '../../src/video/measure/comparison-filter.js';
import type { Frame } from '../../src/video/frame.js';
import { makeFrame, noise } from './frames.js';
import { drawPair } from './pictures.js';

/** The definition, window by window, with centred moments. */
function slowSsim(a: Frame, b: Frame): number {
  let sum = 0;
  let count = 0;
  for (let top = 0; top + 8 <= a.height; top += 4) {
    for (let left = 0; left + 8 <= a.width; left += 4) {
      const samples = Array.from({ length: 64 }, (_, at) => (top + (at >> 3)) * a.width + left + (at & 7));
      const mean = (plane: Uint8Array): number => samples.reduce((total, at) => total + plane[at]!, 0) / 64;
      const [mx, my] = [mean(a.y), mean(b.y)];
      const moment = (f: (at: number) => number): number => samples.reduce((total, at) => total + f(at), 0) / 63;
      const [vx, vy] = [moment((at) => (a.y[at]! - mx) ** 2), moment((at) => (b.y[at]! - my) ** 2)];
      const covariance = moment((at) => (a.y[at]! - mx) * (b.y[at]! - my));
      // The first constant is a 64th of the paper's.
      const [c1, c2] = [416 / 64 ** 2, 58.5225];
      sum += ((2 * mx * my + c1) * (2 * covariance + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2));
      count++;
    }
  }
  return sum / count;
}

describe('computeSsim', () => {
  test.each([
    [64, 48, 1, 30],
    [67, 45, 2, 90],
    [8, 8, 3, 20],
    [130, 99, 4, 255],
  ])("is FFmpeg's at %dx%d, and the definition's", async (width, height, seed, strength) => {
    const { original, decoded } = drawPair(width, height, seed, strength);
    using filter = await ComparisonFilter.start('ssim', { width, height, frameRate: { num: 25, den: 1 } });
    const ssim = computeSsim(original, decoded);
    expect(Math.abs(ssim - Number((await filter.measure(original, decoded))['lavfi.ssim.Y']))).toBeLessThan(1e-5);
    expect(ssim).toBeCloseTo(slowSsim(original, decoded), 7);
    expect(ssim).toBeLessThan(0.999);
  });

  test('is 1 for identical frames', () => {
    const frame = makeFrame(40, 30, noise(1));
    expect(computeSsim(frame, frame)).toBe(1);
  });

  test('has the closed form of flat frames', () => {
    const [a, b] = [makeFrame(20, 20, () => 100), makeFrame(20, 20, () => 120)];
    expect(computeSsim(a, b)).toBeCloseTo((2 * 100 * 120 + 416 / 4096) / (100 ** 2 + 120 ** 2 + 416 / 4096), 10);
  });

  test('is negative for an inverted picture', () => {
    const a = makeFrame(32, 32, noise(3));
    const b = makeFrame(32, 32, (x, y) => 255 - a.y[y * 32 + x]!);
    expect(computeSsim(a, b)).toBeLessThan(-0.5);
  });

  test('refuses pictures below the window and of two sizes', () => {
    const frame = makeFrame(64, 7, () => 0);
    expect(() => computeSsim(frame, frame)).toThrow(InputError);
    expect(() => computeSsim(frame, frame)).toThrow(/8x8, these are 64x7/);
    expect(() => computeSsim(makeFrame(64, 16, noise(1)), makeFrame(16, 64, noise(1)))).toThrow(/64x16 and 16x64/);
  });
});
