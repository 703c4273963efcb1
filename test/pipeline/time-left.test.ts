import { describe, expect, test } from '@jest/globals';
import { ProgressMeter, type Progress } from '../../src/pipeline/progress.js';
import { TimeLeft } from '../../src/pipeline/time-left.js';

/** What is told while frames are done at these times, with the seconds that were really left. */
function simulate(arrivals: readonly number[]): { seconds: number; estimate: number | null; left: number }[] {
  const end = arrivals.at(-1)!;
  let now = 0;
  const told: { seconds: number; estimate: number | null; left: number }[] = [];
  const onProgress = ({ secondsLeft }: Progress): void => {
    told.push({ seconds: now, estimate: secondsLeft, left: end - now });
  };
  const meter = new ProgressMeter(100, arrivals.length, onProgress, () => now * 1000);
  for (const time of arrivals) {
    now = time;
    meter.addFrame();
  }
  return told;
}

/** Times of frames that take `costs` after `delay`. */
function timesOf(delay: number, costs: readonly number[]): number[] {
  let time = delay;
  return costs.map((cost) => (time += cost));
}

const repeat = (count: number, cost: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, index) => cost(index));

describe('the time left', () => {
  test.each<[string, number[]]>([
    [
      'a long look-ahead',
      timesOf(
        8,
        repeat(75, () => 0.5),
      ),
    ],
    [
      'fast frames',
      timesOf(
        0.3,
        repeat(5000, () => 0.002),
      ),
    ],
    [
      'slow frames',
      timesOf(
        30,
        repeat(40, () => 6),
      ),
    ],
    [
      'a key frame that takes long, and levels of a pyramid',
      timesOf(
        4,
        repeat(300, (i) => [4, 1, 2, 1][i % 4]! / 10),
      ),
    ],
    [
      'chunks of 17 frames',
      timesOf(
        3,
        repeat(340, (i) => (i % 17 === 0 ? 3 : 0.002)),
      ),
    ],
    [
      'a beginning that is half as fast',
      timesOf(
        2,
        repeat(2000, (i) => (i < 200 ? 0.04 : 0.02)),
      ),
    ],
    [
      'noise',
      timesOf(
        1,
        repeat(500, (i) => 0.05 + 0.1 * ((i * 7919) % 11)),
      ),
    ],
  ])('%s: never off by more than a factor of two', (_name, arrivals) => {
    const told = simulate(arrivals);
    const step = Math.max(...arrivals.slice(1).map((time, index) => time - arrivals[index]!));
    for (const { seconds, estimate, left } of told) {
      // The last second is shown as 1 s, and the last step shows only when it is done.
      if (seconds < 2 || estimate === null || Math.max(estimate, left) <= Math.max(1, step)) continue;
      expect({ seconds, left, ratio: Math.min(estimate / left, left / estimate) > 0.5 }).toMatchObject({ ratio: true });
    }
    const known = told.filter(({ estimate }) => estimate !== null);
    expect(known.length).toBeGreaterThan(told.length / 3);
  });

  test('follows a speed that changes for good', () => {
    const told = simulate(timesOf(1, [...repeat(100, () => 0.1), ...repeat(2000, () => 0.5)]));
    const late = told.find(({ seconds }) => seconds > 60)!;
    expect(late.estimate! / late.left).toBeCloseTo(1, 1);
  });

  test('is not known before enough frames, nor without their number', () => {
    const timeLeft = new TimeLeft(100);
    expect(timeLeft.read(0, 5)).toBeNull();
    timeLeft.update(1, 8);
    expect(timeLeft.read(1, 8)).toBeNull();
    timeLeft.update(4, 11);
    expect(timeLeft.read(4, 11)).toBeNull();
    timeLeft.update(5, 12);
    expect(timeLeft.read(5, 12)).toBe(95);
    expect(timeLeft.read(100, 107)).toBe(0);
    const endless = new TimeLeft(null);
    endless.update(1, 1);
    endless.update(50, 60);
    expect(endless.read(50, 60)).toBeNull();
  });

  test('a meter tells at once that nothing is done yet', () => {
    const told: Progress[] = [];
    new ProgressMeter(100, 7, (progress) => told.push(progress));
    expect(told).toMatchObject([{ frames: 0, totalFrames: 7, secondsLeft: null }]);
  });
});
