import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nominalTicks, repairTimestamps } from '../../../src/video/in/timestamps.js';
import { collect, produce } from '../helpers.js';

const timeBase = { num: 1, den: 1000 };
const frameRate = { num: 25, den: 1 };

async function repair(times: readonly (bigint | null)[], end: bigint | null = null, duration = 0n) {
  const notes: string[] = [];
  const pictures = times.map((pts, picture) => ({ picture, pts, duration }));
  const context = { timeBase, frameRate, end: () => end, onNote: (note: string) => notes.push(note) };
  const repaired = await collect(repairTimestamps(produce(pictures), context));
  return { times: repaired.map(({ pts, duration: length }) => [Number(pts), Number(length)]), notes };
}

test('good time stamps stay, durations last until the next frame', async () => {
  const result = await repair([0n, 40n, 100n], 130n);
  expect(result).toEqual({
    times: [
      [0, 40],
      [40, 60],
      [100, 30],
    ],
    notes: [],
  });
});

test('the last frame: end of stream, its own duration, the one before, the frame rate', async () => {
  expect((await repair([0n, 40n], 200n, 7n)).times[1]).toEqual([40, 160]);
  expect((await repair([0n, 40n], null, 7n)).times[1]).toEqual([40, 7]);
  expect((await repair([0n, 50n], 20n)).times[1]).toEqual([50, 50]);
  expect((await repair([5n])).times).toEqual([[5, 40]]);
  expect((await repair([])).times).toEqual([]);
});

test('missing and falling time stamps are repaired, with one note each', async () => {
  const missing = await repair([null, null, null]);
  expect(missing.times.map(([pts]) => pts)).toEqual([0, 40, 80]);
  expect(missing.notes).toHaveLength(1);
  const falling = await repair([0n, 40n, 40n, 30n, 90n]);
  expect(falling.times.map(([pts]) => pts)).toEqual([0, 40, 41, 42, 90]);
  expect(falling.notes).toHaveLength(1);
});

test('whatever comes, time stamps increase and durations are positive', async () => {
  const stamp = fc.option(fc.bigInt({ min: -1000n, max: 1000n }));
  await fc.assert(
    fc.asyncProperty(fc.array(stamp), fc.option(fc.bigInt({ min: -1000n, max: 2000n })), async (stamps, end) => {
      const { times } = await repair(stamps, end);
      expect(times).toHaveLength(stamps.length);
      times.forEach(([pts = NaN, duration = NaN], index) => {
        expect(duration).toBeGreaterThan(0);
        const next = times[index + 1];
        if (next !== undefined) expect(next[0]).toBe(pts + duration);
      });
    }),
  );
});

test('ticks of a frame', () => {
  expect(nominalTicks({ num: 1, den: 90000 }, { num: 30000, den: 1001 })).toBe(3003n);
  expect(nominalTicks({ num: 1, den: 10 }, { num: 60, den: 1 })).toBe(1n);
});
