import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../src/errors.js';
import { computeSsim } from '../../src/metrics/ssim.js';
import type { Frame } from '../../src/video/frame.js';
import { makeFrame, noise } from './frames.js';

/** The definition, window by window, with a two-dimensional Gaussian and centred moments. */
function slowSsim(a: Frame, b: Frame): number {
  const weights: number[] = [];
  for (let dy = -5; dy <= 5; dy++) for (let dx = -5; dx <= 5; dx++) weights.push(Math.exp(-(dx * dx + dy * dy) / 4.5));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let sum = 0;
  let count = 0;
  for (let top = 0; top + 11 <= a.height; top++) {
    for (let left = 0; left + 11 <= a.width; left++) {
      const samples = weights.map((weight, at) => {
        const position = (top + Math.floor(at / 11)) * a.width + left + (at % 11);
        return { weight: weight / total, x: a.y[position]!, y: b.y[position]! };
      });
      const mean = (value: (sample: (typeof samples)[number]) => number): number =>
        samples.reduce((result, sample) => result + sample.weight * value(sample), 0);
      const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)];
      const [vx, vy] = [mean(({ x }) => (x - mx) ** 2), mean(({ y }) => (y - my) ** 2)];
      const covariance = mean(({ x, y }) => (x - mx) * (y - my));
      const [c1, c2] = [6.5025, 58.5225];
      sum += ((2 * mx * my + c1) * (2 * covariance + c2)) / ((mx * mx + my * my + c1) * (vx + vy + c2));
      count++;
    }
  }
  return sum / count;
}

describe('computeSsim', () => {
  test('is 1 for identical frames', () => {
    const frame = makeFrame(40, 30, noise(1));
    expect(computeSsim(frame, frame)).toBeCloseTo(1, 12);
  });

  test('has the closed form of flat frames', () => {
    const [a, b] = [makeFrame(20, 20, () => 100), makeFrame(20, 20, () => 120)];
    expect(computeSsim(a, b)).toBeCloseTo((2 * 100 * 120 + 6.5025) / (100 ** 2 + 120 ** 2 + 6.5025), 10);
  });

  test.each([
    [11, 11],
    [12, 25],
    [37, 23],
  ])('equals the definition at %dx%d', (width, height) => {
    const random = noise(7);
    const a = makeFrame(width, height, (x, y) => 128 + 80 * Math.sin(x / 3) * Math.cos(y / 5));
    const b = makeFrame(width, height, (x, y) => a.y[y * width + x]! * 0.8 + random() * 0.2);
    const ssim = computeSsim(a, b);
    expect(ssim).toBeCloseTo(slowSsim(a, b), 9);
    expect(ssim).toBeGreaterThan(0.3);
    expect(ssim).toBeLessThan(0.99);
  });

  test('is negative for an inverted picture', () => {
    const a = makeFrame(32, 32, noise(3));
    const b = makeFrame(32, 32, (x, y) => 255 - a.y[y * 32 + x]!);
    expect(computeSsim(a, b)).toBeLessThan(-0.5);
  });

  test('refuses pictures below the window', () => {
    const frame = makeFrame(64, 10, () => 0);
    expect(() => computeSsim(frame, frame)).toThrow(InputError);
  });
});
