import { describe, expect, test } from '@jest/globals';
import { compareRuns, DEFAULT_LIMITS } from '../../../bench/analysis/compare-runs.js';
import type { Results } from '../../../bench/results.js';
import { syntheticResults } from '../support/synthetic.js';

const before = syntheticResults();

/** The run with every job's encoding slower by a factor. */
function slower(results: Results, factor: number): Results {
  const jobs = results.jobs.map((job) =>
    job.status === 'done' && job.encode !== null
      ? { ...job, encode: { ...job.encode, wallSeconds: job.encode.wallSeconds * factor } }
      : job,
  );
  return { ...results, jobs };
}

describe('compareRuns', () => {
  test('a run against itself has not changed', () => {
    const { curves, costs, newFailures, notes, hasRegression } = compareRuns(before, before);
    expect(curves).toHaveLength(5 * 6);
    expect(costs).toHaveLength(5 * 4);
    for (const { rate } of curves) expect(rate.mean).toEqual({ value: expect.closeTo(0, 9) as unknown });
    expect({ newFailures, notes, hasRegression }).toEqual({ newFailures: [], notes: [], hasRegression: false });
  });

  test('more bits at the same quality are a regression of that codec alone', () => {
    const after = syntheticResults({ lastCodecRate: 1.1 });
    const { curves, hasRegression } = compareRuns(before, after);
    expect(hasRegression).toBe(true);
    const worse = curves.filter(({ isRegression }) => isRegression);
    expect(new Set(worse.map(({ codec }) => codec))).toEqual(new Set(['tessera-nano']));
    expect(worse[0]!.rate.mean).toEqual({ value: expect.closeTo(10, 6) as unknown });
    expect(compareRuns(before, after, { ...DEFAULT_LIMITS, ratePercent: 11 }).hasRegression).toBe(false);
    expect(compareRuns(after, before).hasRegression).toBe(false);
  });

  test('a slower codec is a regression, on the same machine only', () => {
    const after = slower(before, 1.3);
    const { costs } = compareRuns(before, after);
    expect(costs.filter(({ isRegression }) => isRegression).map(({ what }) => what)).toEqual(
      Array.from({ length: 5 }, () => 'encode speed'),
    );
    const elsewhere = { ...after, machine: { ...after.machine, cpu: 'another' } };
    const { costs: none, notes, hasRegression } = compareRuns(before, elsewhere);
    expect({ none, hasRegression }).toEqual({ none: [], hasRegression: false });
    expect(notes).toEqual([expect.stringContaining('the machines differ')]);
  });

  test('a job that fails now is a regression; one that failed before is none', () => {
    const after = syntheticResults({ failures: 1 });
    const { newFailures, hasRegression } = compareRuns(before, after);
    expect(newFailures).toEqual([expect.stringMatching(/^x264:medium 42 on foreman: /)]);
    expect(hasRegression).toBe(true);
    expect(compareRuns(after, after).hasRegression).toBe(false);
    expect(compareRuns(after, before).newFailures).toEqual([]);
  });

  test('clips whose frames differ are not compared, and it is said', () => {
    const clips = before.clips.map((clip, index) => (index === 0 ? { ...clip, sha256: 'f'.repeat(64) } : clip));
    const { notes, curves } = compareRuns(before, { ...before, clips });
    expect(notes).toEqual(['clip foreman: not compared, its sha256 differ']);
    expect(curves[0]!.rate.count).toBe(2);
  });

  test('what only one run has is said', () => {
    const after = syntheticResults({ clips: 2, codecs: 4, metrics: ['psnr-y'] });
    const { notes } = compareRuns(before, after);
    expect(notes).toEqual(
      expect.arrayContaining([
        'clip cafe_people: only in the first',
        'codec tessera-nano: only in the first',
        'metric lpips: only in the first',
      ]),
    );
  });

  test('times that were not taken are no change', () => {
    const jobs = before.jobs.map((job) => (job.status === 'done' ? { ...job, encode: null, decode: null } : job));
    const untimed = { ...before, jobs };
    const { costs, notes, hasRegression } = compareRuns(before, untimed);
    expect({ costs, hasRegression }).toEqual({ costs: [], hasRegression: false });
    expect(notes).toContain('x264:medium: no encode times in the second');
  });
});
