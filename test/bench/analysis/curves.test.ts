import { describe, expect, test } from '@jest/globals';
import { curveOf, meanCurve, medianOf, ratePoints } from '../../../bench/analysis/curves.js';
import type { Results } from '../../../bench/results.js';
import { syntheticResults } from '../support/synthetic.js';

/** The results with one job made a failure. */
function failing(results: Results, clip: string, codec: string, setting: number): Results {
  const jobs = results.jobs.map((job) =>
    job.clip === clip && job.codec === codec && job.setting === setting
      ? { status: 'failed' as const, clip, codec, setting, command: job.command, reason: 'no memory' }
      : job,
  );
  return { ...results, jobs };
}

describe('curveOf', () => {
  const results = syntheticResults();

  test('gives points by rising rate', () => {
    const curve = curveOf(results, 'foreman', 'x264:medium', 'psnr-y');
    expect(curve.map(({ setting }) => setting)).toEqual([42, 37, 32, 27, 22]);
    expect(curve.map(({ rate }) => rate)).toEqual(curve.map(({ rate }) => rate).toSorted((a, b) => a - b));
  });

  test('leaves out what failed and what was not measured', () => {
    const broken = failing(results, 'foreman', 'x264:medium', 32);
    expect(curveOf(broken, 'foreman', 'x264:medium', 'psnr-y')).toHaveLength(4);
    expect(curveOf(results, 'foreman', 'x264:medium', 'vmaf')).toEqual([]);
  });

  test('turns metrics round of which less is better', () => {
    const point = { setting: 1, rate: 0.1, value: 0.2 };
    expect(ratePoints([point], 'lpips')).toEqual([{ rate: 0.1, quality: -0.2 }]);
    expect(ratePoints([point], 'psnr-y')).toEqual([{ rate: 0.1, quality: 0.2 }]);
  });
});

describe('meanCurve', () => {
  const results = syntheticResults();

  test('is the mean of rates and of values, setting by setting', () => {
    const { points, leftOut } = meanCurve(results, 'x265:medium', 'psnr-y');
    expect(points).toHaveLength(5);
    expect(leftOut).toEqual([]);
    const jobs = results.jobs.filter(
      (job) => job.status === 'done' && job.codec === 'x265:medium' && job.setting === 32,
    );
    const rates = jobs.map((job) => (job.status === 'done' ? job.bitsPerPixel : 0));
    expect(points[2]!.rate).toBeCloseTo((rates[0]! + rates[1]! + rates[2]!) / 3, 12);
  });

  test('a setting without one clip is left out and named', () => {
    const { points, leftOut } = meanCurve(failing(results, 'foreman', 'x265:medium', 32), 'x265:medium', 'psnr-y');
    expect(points.map(({ setting }) => setting)).toEqual([42, 37, 27, 22]);
    expect(leftOut).toEqual(['32: no figure of foreman']);
  });
});

test('medianOf takes the middle', () => {
  expect(medianOf([5, 1, 3])).toBe(3);
  expect(medianOf([5, 1, 3, 4])).toBe(3.5);
  expect(medianOf([2])).toBe(2);
});
