import { describe, expect, test } from '@jest/globals';
import { bdTable, compareCurves, defaultAnchor, summarise } from '../../../bench/analysis/bd-tables.js';
import type { CurvePoint } from '../../../bench/analysis/types.js';
import { syntheticResults } from '../support/synthetic.js';

const anchor: CurvePoint[] = [30, 33, 36, 39].map((value, at) => ({ setting: at, rate: 0.02 * 2 ** at, value }));

/** The anchor with other rates and values. */
function changed(rate: number, value: number): CurvePoint[] {
  return anchor.map((point) => ({ ...point, rate: point.rate * rate, value: point.value + value }));
}

describe('compareCurves', () => {
  test('a curve at half the rate needs half the bits', () => {
    const { rate, rateAkima, quality, overlap } = compareCurves(anchor, changed(0.5, 0), 'psnr-y');
    expect(rate).toEqual({ value: expect.closeTo(-50, 8) as unknown });
    expect(rateAkima).toEqual({ value: expect.closeTo(-50, 8) as unknown });
    expect(quality).toEqual({ value: expect.closeTo(3, 8) as unknown });
    expect(overlap).toBe(1);
  });

  test('the difference of a metric of which less is better is below 0 where the codec is better', () => {
    const lpips = (points: CurvePoint[]): CurvePoint[] =>
      points.map((point) => ({ ...point, value: (50 - point.value) / 100 }));
    const { rate, quality } = compareCurves(lpips(anchor), lpips(changed(1, 1)), 'lpips');
    expect(rate).toEqual({ value: expect.any(Number) as unknown });
    expect((rate as { value: number }).value).toBeLessThan(0);
    expect(quality).toEqual({ value: expect.closeTo(-0.01, 8) as unknown });
  });

  test('what cannot be compared has a reason', () => {
    expect(compareCurves(anchor, changed(1, 100), 'psnr-y').rate).toEqual({
      reason: 'the curves have no quality in common',
    });
    expect(compareCurves(anchor, [], 'psnr-y').rate).toEqual({ reason: 'the test has fewer than two points' });
    expect(compareCurves(anchor, changed(1e9, 0), 'psnr-y').quality).toEqual({
      reason: 'the curves have no rate in common',
    });
  });

  test('no number is infinite', () => {
    const far = [
      { setting: 1, rate: 1e-300, value: 30 },
      { setting: 2, rate: 1e-299, value: 39 },
    ];
    const huge = far.map((point) => ({ ...point, rate: point.rate * 1e300 * 1e290 }));
    expect(compareCurves(far, huge, 'psnr-y').rate).toEqual({ reason: 'the curves are too far apart' });
  });
});

describe('summarise', () => {
  test('takes the figures that are there', () => {
    const summary = summarise([{ value: -10 }, { reason: 'no' }, { value: -20 }, { value: -60 }]);
    expect(summary).toMatchObject({ mean: { value: -30 }, median: { value: -20 }, count: 3 });
    expect(summary.interval).toMatchObject({ low: expect.any(Number) as unknown });
  });

  test('nothing has no mean, one value no interval', () => {
    expect(summarise([{ reason: 'no' }])).toMatchObject({ mean: { reason: 'no clip has a figure' }, count: 0 });
    expect(summarise([{ value: 1 }]).interval).toEqual({ reason: 'an interval needs at least two values' });
  });
});

describe('bdTable', () => {
  test('has a row for every codec but the anchor and an entry for every clip', () => {
    const results = syntheticResults({ clips: 4, codecs: 3 });
    const table = bdTable(results, 'x264:veryslow', 'psnr-y');
    expect(table.rows.map(({ codec }) => codec)).toEqual(['x264:medium', 'x265:medium']);
    expect(table.rows[1]!.clips).toHaveLength(4);
    expect((table.rows[1]!.summary.rate.mean as { value: number }).value).toBeLessThan(0);
  });

  test('survives a run in which everything failed', () => {
    const results = syntheticResults({ clips: 1, codecs: 2 });
    const jobs = results.jobs.map(({ clip, codec, setting, command }) => ({
      ...{ status: 'failed' as const, clip, codec, setting, command },
      reason: 'no',
    }));
    const [row] = bdTable({ ...results, jobs }, 'x264:medium', 'psnr-y').rows;
    expect(row!.summary.rate).toMatchObject({ count: 0, mean: { reason: 'no clip has a figure' } });
  });
});

test('the anchor is x264 medium, or a codec that is none of ours, or the first', () => {
  const results = syntheticResults({ clips: 1 });
  const only = (...names: string[]): string =>
    defaultAnchor({ ...results, codecs: names.map((name) => ({ ...results.codecs[0]!, name })) });
  expect(only('tessera-nano', 'x265:medium', 'x264:medium')).toBe('x264:medium');
  expect(only('tessera-nano', 'x265:medium')).toBe('x265:medium');
  expect(only('tessera-nano', 'tessera-large')).toBe('tessera-nano');
});
