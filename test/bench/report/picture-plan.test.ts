import { describe, expect, test } from '@jest/globals';
import { planPictures } from '../../../bench/report/picture-plan.js';
import { syntheticResults } from '../support/synthetic.js';

describe('planPictures', () => {
  const results = syntheticResults({ clips: 2, codecs: 3, pictures: 2 });
  const groups = planPictures(results);

  test('begins with a middle rate of every clip', () => {
    const middle = results.jobs[2]!;
    expect(groups.slice(0, 2)).toMatchObject([
      { clip: 0, frame: 2, rate: middle.status === 'done' ? middle.bitsPerPixel : 0 },
      { clip: 1, frame: 2 },
    ]);
  });

  test('a group holds the original and every codec at its nearest rate', () => {
    const [{ rate, pictures }] = groups as [(typeof groups)[0]];
    expect(pictures.map(({ codec }) => codec)).toEqual([null, 0, 1, 2]);
    for (const { codec, setting } of pictures.slice(1)) {
      const jobs = results.jobs.filter((job) => job.clip === 'foreman' && job.codec === results.codecs[codec!]!.name);
      const distances = jobs.map((job) => (job.status === 'done' ? Math.abs(Math.log(job.bitsPerPixel / rate)) : 9));
      expect(setting).toBe(jobs[distances.indexOf(Math.min(...distances))]!.setting);
    }
  });

  test('every rate of the first codec and every frame is planned', () => {
    expect(groups).toHaveLength(2 * 5 * 2);
  });

  test('begins with the rate that the run is about', () => {
    const [first] = planPictures(syntheticResults({ clips: 1, pictures: 1, targetBitsPerPixel: 0.0384 }));
    expect(first!.rate).toBe(0.0384);
  });

  test('a run without pictures has no plan', () => {
    expect(planPictures(syntheticResults())).toEqual([]);
  });
});
