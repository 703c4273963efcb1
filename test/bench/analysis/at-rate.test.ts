import { describe, expect, test } from '@jest/globals';
import { tableAtRate, valueAtRate } from '../../../bench/analysis/at-rate.js';
import { syntheticResults } from '../support/synthetic.js';

const points = [0.01, 0.1, 1].map((rate, at) => ({ setting: at, rate, value: 30 + 3 * at }));

describe('valueAtRate', () => {
  test('runs through the points and, between points on a line of log rate, along it', () => {
    expect(valueAtRate(points, 0.1)).toEqual({ value: 33 });
    expect(valueAtRate(points, 1)).toEqual({ value: 36 });
    expect(valueAtRate(points, Math.sqrt(0.001))).toEqual({ value: expect.closeTo(31.5, 10) as unknown });
  });

  test('guesses nothing beyond the curve', () => {
    expect(valueAtRate(points, 0.009)).toEqual({ reason: 'the lowest rate is 0.0100' });
    expect(valueAtRate(points, 2)).toEqual({ reason: 'the highest rate is 1.0000' });
    expect(valueAtRate([], 2)).toEqual({ reason: 'there is no point' });
    expect(valueAtRate([points[0]!, { ...points[0]!, value: 3 }, points[1]!], 0.05)).toEqual({
      reason: 'two points have the same rate',
    });
  });
});

test('tableAtRate tells of how many clips a mean is', () => {
  const results = syntheticResults({ clips: 6, codecs: 2 });
  const [first] = tableAtRate(results, 0.03);
  expect(first!.codec).toBe('x264:medium');
  const { figure, count } = first!.values['psnr-y']!;
  expect('value' in figure && figure.value > 25 && figure.value < 40).toBe(true);
  expect(count).toBeGreaterThan(0);
  expect(tableAtRate(results, 1000)[0]!.values['psnr-y']).toEqual({
    figure: { reason: 'no curve reaches this rate' },
    count: 0,
  });
});
