import { describe, expect, test } from '@jest/globals';
import { compareStructure, type Plane } from '../../src/metrics/gaussian-ssim.js';
import { noise } from './frames.js';

function makePlane(width: number, height: number, sample: (x: number, y: number) => number): Plane {
  const data = Uint8Array.from({ length: width * height }, (_, at) => sample(at % width, Math.floor(at / width)));
  return { width, height, data };
}

/** The definition, window by window, with a two-dimensional Gaussian and centred moments. */
function slowly(a: Plane, b: Plane): { similarity: number; contrast: number } {
  const weights: number[] = [];
  for (let dy = -5; dy <= 5; dy++) for (let dx = -5; dx <= 5; dx++) weights.push(Math.exp(-(dx * dx + dy * dy) / 4.5));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sums = { similarity: 0, contrast: 0 };
  let count = 0;
  for (let top = 0; top + 11 <= a.height; top++) {
    for (let left = 0; left + 11 <= a.width; left++) {
      const samples = weights.map((weight, at) => {
        const position = (top + Math.floor(at / 11)) * a.width + left + (at % 11);
        return { weight: weight / total, x: a.data[position]!, y: b.data[position]! };
      });
      const mean = (value: (sample: (typeof samples)[number]) => number): number =>
        samples.reduce((result, sample) => result + sample.weight * value(sample), 0);
      const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)];
      const [vx, vy] = [mean(({ x }) => (x - mx) ** 2), mean(({ y }) => (y - my) ** 2)];
      const contrast = (2 * mean(({ x, y }) => (x - mx) * (y - my)) + 58.5225) / (vx + vy + 58.5225);
      sums.contrast += contrast;
      sums.similarity += ((2 * mx * my + 6.5025) / (mx * mx + my * my + 6.5025)) * contrast;
      count++;
    }
  }
  return { similarity: sums.similarity / count, contrast: sums.contrast / count };
}

describe('compareStructure', () => {
  test.each([
    [11, 11],
    [12, 25],
    [37, 23],
  ])('equals the definition at %dx%d', (width, height) => {
    const random = noise(7);
    const a = makePlane(width, height, (x, y) => 128 + 80 * Math.sin(x / 3) * Math.cos(y / 5));
    const b = makePlane(width, height, (x, y) => a.data[y * width + x]! * 0.8 + random() * 0.2);
    const [found, expected] = [compareStructure(a, b), slowly(a, b)];
    expect(found.similarity).toBeCloseTo(expected.similarity, 9);
    expect(found.contrast).toBeCloseTo(expected.contrast, 9);
    expect(found.similarity).toBeGreaterThan(0.3);
    expect(found.similarity).toBeLessThan(found.contrast);
  });

  test('is 1 for identical planes', () => {
    const plane = makePlane(40, 30, noise(1));
    expect(compareStructure(plane, plane).similarity).toBeCloseTo(1, 12);
    expect(compareStructure(plane, plane).contrast).toBeCloseTo(1, 12);
  });
});
