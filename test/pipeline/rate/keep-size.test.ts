import { expect, test } from '@jest/globals';
import { planCut } from '../../../src/pipeline/rate/keep-size.js';

function chunk(index: number, bytes: number, frames: number, quality = 20) {
  const report = { frames, bytes, start: 0, quality, probes: [] };
  return { index, qualities: Array.from({ length: frames }, () => quality), report };
}

test('the shortest chunk that can give up the excess with one step is coded again', () => {
  const chunks = [chunk(0, 10_000, 100), chunk(1, 9000, 40), chunk(2, 500, 10)];
  expect(planCut(chunks, 300, 0)).toEqual([null, 9000 - 306 - 16, null]);
});

test('all chunks share a large excess, but those with the lowest quality', () => {
  const chunks = [chunk(0, 10_000, 100), chunk(1, 5000, 40), chunk(2, 5000, 10, 0)];
  const plan = planCut(chunks, 6000, 0)!;
  expect(plan[2]).toBeNull();
  expect(10_000 - plan[0]!).toBeCloseTo(2 * (5000 - plan[1]!), -1);
  expect(plan[0]! + plan[1]!).toBeLessThan(9000);
});

test('nothing can be cut if all have the lowest quality', () => {
  expect(planCut([chunk(0, 10_000, 100, 0)], 1, 0)).toBeNull();
});
