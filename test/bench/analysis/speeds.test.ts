import { expect, test } from '@jest/globals';
import { speedsOf } from '../../../bench/analysis/speeds.js';
import { syntheticResults } from '../support/synthetic.js';

test('frames of all jobs over seconds of all jobs', () => {
  const results = syntheticResults({ clips: 2, codecs: 1 });
  const jobs = results.jobs.map((job, index) =>
    job.status === 'done'
      ? { ...job, frames: 10, encode: { wallSeconds: index === 0 ? 6 : 1, cpuSeconds: 2, peakBytes: 100 + index } }
      : job,
  );
  const [speed] = speedsOf({ ...results, jobs });
  expect(speed!.encode).toEqual({
    framesPerSecond: 100 / 15,
    slowest: 20 / 7,
    fastest: 10,
    cpuSecondsPerFrame: 0.2,
    peakBytes: 109,
  });
});

test('without times there is a reason', () => {
  const [speed] = speedsOf(syntheticResults({ clips: 1, codecs: 1, jobs: 2 }));
  expect(speed).toMatchObject({ encode: { reason: '2 jobs ran at once: no times were taken' } });
  const none = { ...syntheticResults({ clips: 1, codecs: 1 }), jobs: [] };
  expect(speedsOf(none)[0]).toMatchObject({ decode: { reason: 'no job of this codec went well' } });
});
