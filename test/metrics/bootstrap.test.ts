import { describe, expect, test } from '@jest/globals';
import { bootstrapMean } from '../../src/metrics/bootstrap.js';
import { noise } from './frames.js';

describe('bootstrapMean', () => {
  const values = [-31, -12, -25, 4, -18, -22, -9, -15, -28, -3, -20, -11];

  test('is repeatable by its seed', () => {
    expect(bootstrapMean(values, { seed: 3 })).toEqual(bootstrapMean(values, { seed: 3 }));
    expect(bootstrapMean(values, { seed: 3, samples: 100 })).not.toEqual(
      bootstrapMean(values, { seed: 4, samples: 100 }),
    );
  });

  test('spans what the normal approximation spans for many values', () => {
    const random = noise(5);
    const many = Array.from({ length: 150 }, () => random() + random() / 256);
    const mean = many.reduce((sum, value) => sum + value, 0) / many.length;
    const deviation = Math.sqrt(many.reduce((sum, value) => sum + (value - mean) ** 2, 0) / many.length);
    const interval = bootstrapMean(many, { samples: 5000 });
    if ('reason' in interval) throw new Error(interval.reason);
    const half = (1.96 * deviation) / Math.sqrt(many.length);
    expect(Math.abs(interval.low - (mean - half))).toBeLessThan(0.1 * half);
    expect(Math.abs(interval.high - (mean + half))).toBeLessThan(0.1 * half);
  });

  test('contains the mean, and is a point where all values are equal', () => {
    const interval = bootstrapMean(values);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect('low' in interval && interval.low < mean && mean < interval.high).toBe(true);
    expect(bootstrapMean([7, 7, 7])).toEqual({ low: 7, high: 7 });
  });

  test('gives a reason for a single value', () => {
    expect(bootstrapMean([1])).toEqual({ reason: 'an interval needs at least two values' });
    expect(bootstrapMean([])).toHaveProperty('reason');
  });
});
