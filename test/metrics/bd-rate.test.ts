import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { computeBdQuality, computeBdRate, type BdMethod, type RatePoint } from '../../src/metrics/bd-rate.js';

type Points = readonly [rates: number[], qualities: number[]];

interface Vector extends Record<BdMethod, { readonly rate: number; readonly psnr: number }> {
  readonly anchor: Points;
  readonly test: Points;
}

/** The example of PyPI bjontegaard 1.3.0 and 20 random curves, with its results. */
const { vectors } = JSON.parse(readFileSync(new URL('vectors/bd.json', import.meta.url), 'utf8')) as {
  vectors: Vector[];
};

function curve(rates: readonly number[], qualities: readonly number[]): RatePoint[] {
  return rates.map((rate, at) => ({ rate, quality: qualities[at]! }));
}

describe('computeBdRate', () => {
  // Points: the examples of PyPI bjontegaard 1.3.0 (x265) and of github.com/Anserw/Bjontegaard_metric. Results: those of
  // bjontegaard 1.3.0 with method 'pchip', which agrees with the spreadsheet of JVET-T2010.
  test.each([
    [
      curve([9487.76, 4593.6, 2486.44, 1358.24], [40.037, 38.615, 36.845, 34.851]),
      curve([9787.8, 4469, 2451.52, 1356.24], [40.121, 38.651, 36.97, 34.987]),
      -4.417485350589045,
    ],
    [
      curve([686.76, 309.58, 157.11, 85.95], [40.28, 37.18, 34.24, 31.42]),
      curve([893.34, 407.8, 204.93, 112.75], [40.39, 37.21, 34.17, 31.24]),
      31.379878202397627,
    ],
    [
      curve([675.76, 302.58, 151.11, 65.95], [40.18, 36.18, 32.24, 31.02]),
      curve([883.34, 402.8, 201.93, 102.75], [40.09, 36.21, 32.17, 30.24]),
      35.64322387435506,
    ],
  ])('gives published results (%#)', (anchor, shown, percent) => {
    const result = computeBdRate(anchor, shown);
    expect('percent' in result && result.percent).toBeCloseTo(percent, 8);
  });

  test.each(vectors.flatMap((vector) => [['pchip', vector] as const, ['akima', vector] as const]))(
    'is that of bjontegaard 1.3.0 by %s (%#)',
    (method, vector) => {
      const result = computeBdRate(curve(...vector.anchor), curve(...vector.test), { method });
      expect('percent' in result && Math.abs(result.percent - vector[method].rate)).toBeLessThan(1e-6);
    },
  );

  test('tells the share of qualities that both curves reach', () => {
    const result = computeBdRate(curve([1, 2, 4], [30, 33, 36]), curve([1, 2, 4], [33, 36, 38]));
    expect('overlap' in result && result.overlap).toBeCloseTo(3 / 8, 12);
  });

  test('a curve at 0.7 times the rate is 30 % better, whatever the points and their order', () => {
    const quality = (rate: number): number => 20 + 6 * Math.log2(rate);
    const anchor = [1, 2, 3, 5, 8].map((rate) => ({ rate, quality: quality(rate) }));
    const shown = [4, 1.5, 2.5, 7].map((rate) => ({ rate: rate * 0.7, quality: quality(rate) }));
    const result = computeBdRate(anchor, shown);
    expect('percent' in result && result.percent).toBeCloseTo(-30, 8);
    const same = computeBdRate(anchor, anchor);
    expect('percent' in same && same.percent).toBeCloseTo(0, 12);
  });

  const good = curve([1, 2, 4], [30, 33, 36]);
  test.each<[string, RatePoint[], RegExp]>([
    ['one point', curve([1], [30]), /the test has fewer than two points/],
    ['no common quality', curve([1, 2], [40, 43]), /no quality in common/],
    ['touching ranges', curve([1, 2], [36, 43]), /no quality in common/],
    ['falling quality', curve([1, 2, 4], [30, 34, 33]), /quality of the test does not rise/],
    ['equal rates', curve([1, 1, 4], [30, 34, 35]), /does not rise/],
    ['a rate of zero', curve([0, 1], [30, 34]), /not above 0/],
    ['an infinite quality', curve([1, 2], [30, Infinity]), /not finite/],
  ])('gives a reason for %s', (_, points, reason) => {
    const result = computeBdRate(good, points);
    expect('reason' in result && result.reason).toMatch(reason);
  });
});

describe('computeBdQuality', () => {
  test.each(vectors.flatMap((vector) => [['pchip', vector] as const, ['akima', vector] as const]))(
    'is that of bjontegaard 1.3.0 by %s (%#)',
    (method, vector) => {
      const result = computeBdQuality(curve(...vector.anchor), curve(...vector.test), { method });
      expect('difference' in result && Math.abs(result.difference - vector[method].psnr)).toBeLessThan(1e-8);
    },
  );

  test('a curve 2 dB above is 2 dB better, also where quality falls now and then', () => {
    const anchor = curve([1, 2, 4, 8], [30, 34, 33, 36]);
    const above = curve([8, 2, 1, 4], [38, 36, 32, 35]);
    const result = computeBdQuality(anchor, above);
    expect('difference' in result && result.difference).toBeCloseTo(2, 12);
    expect('overlap' in result && result.overlap).toBe(1);
  });

  const good = curve([1, 2, 4], [30, 33, 36]);
  test.each<[string, RatePoint[], RegExp]>([
    ['no common rate', curve([4, 5], [30, 33]), /no rate in common/],
    ['one point', curve([1], [30]), /fewer than two points/],
    ['equal rates', curve([1, 1, 4], [30, 34, 35]), /two points of the same rate/],
    ['a quality that is no number', curve([1, 2], [30, NaN]), /not finite/],
  ])('gives a reason for %s', (_, points, reason) => {
    const result = computeBdQuality(good, points);
    expect('reason' in result && result.reason).toMatch(reason);
  });
});
