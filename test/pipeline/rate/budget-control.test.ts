import { expect, test } from '@jest/globals';
import { BudgetControl, qualityOfBits } from '../../../src/pipeline/rate/budget-control.js';
import { knownOf, simulate, simulateVideo } from './simulated-encoder.js';

const qualities = { min: 0, max: 63, bits: (quality: number) => 0.06 * 2 ** (0.18 * (quality - 20)) };
/** Bits double faster or slower than the control believes. */
const GROWTHS = [0.14, 0.23];

/** The share of the budget that is spent, for videos with budgets of a quarter to four times their bits at quality 20. */
function spend(frames: number, isStrict: boolean, isAhead: boolean): number[] {
  return Array.from({ length: 15 }, (_, seed) =>
    GROWTHS.map((growth) => {
      const video = simulateVideo(frames, seed + 1);
      const total = video.reduce((sum, { bits }) => sum + bits, 0) * 4 ** ((seed % 5) / 2 - 1);
      const control = new BudgetControl({ qualities, scale: 2.8, isStrict }, isAhead ? 0 : total);
      let known = 0;
      const know = (until: number): void => {
        for (; known < Math.min(frames, until); known++) {
          control.know(knownOf(video[known]!), 1 / 25, isAhead ? total / frames : 0);
        }
        if (known === frames) control.end();
      };
      if (!isAhead) know(frames);
      return simulate(video, control, growth, (index) => know(index + 42)).bits / total;
    }),
  ).flat();
}

/** The largest of the nearest nine tenths. */
function usual(shares: readonly number[]): number {
  const off = shares.map((share) => Math.abs(share - 1)).sort((a, b) => a - b);
  return off[Math.floor(0.9 * off.length)]!;
}

test('two passes spend their budget to a hundredth', () => {
  const shares = spend(250, false, false);
  expect(usual(shares)).toBeLessThan(0.01);
  for (const share of shares) expect(Math.abs(share - 1)).toBeLessThan(0.02);
});

test('one pass that knows 42 frames ahead spends its budget to a hundredth, or a tenth if the last scene is hard', () => {
  const shares = spend(250, false, true);
  expect(usual(shares)).toBeLessThan(0.01);
  for (const share of shares) expect(Math.abs(share - 1)).toBeLessThan(0.1);
});

test('a strict budget is nearly used up and hardly ever exceeded', () => {
  const shares = spend(250, true, false);
  expect(shares.filter((share) => share > 1).length).toBeLessThan(0.05 * shares.length);
  for (const share of shares) expect(share).toBeGreaterThan(0.97);
});

test('a uniform video gets one quality, to a step', () => {
  const video = simulateVideo(250, 3, 1000);
  const total = video.reduce((sum, { bits }) => sum + bits, 0);
  const control = new BudgetControl({ qualities, scale: 2.6, isStrict: false }, total);
  for (const frame of video) control.know(knownOf(frame));
  control.end();
  const { qualities: given } = simulate(video, control, 0.18);
  const middle = given.slice(50, 200);
  expect(Math.max(...middle) - Math.min(...middle)).toBeLessThan(1.5);
});

test('a budget below what the lowest quality needs is told, others are not', () => {
  for (const [share, isBelow] of [
    [0.001, true],
    [1, false],
  ] as const) {
    const video = simulateVideo(60, 5);
    const total = share * video.reduce((sum, { bits }) => sum + bits, 0);
    const control = new BudgetControl({ qualities, scale: 2.8, isStrict: false }, total);
    for (const frame of video) control.know(knownOf(frame));
    control.end();
    simulate(video, control, 0.18);
    expect(control.isBelowRange).toBe(isBelow);
  }
});

test('a limit of the quality is kept', () => {
  const control = new BudgetControl({ qualities, scale: 1, isStrict: true, limit: 28 }, 1e12);
  for (const frame of simulateVideo(20, 1)) control.know(knownOf(frame));
  control.end();
  expect(control.quality()).toBe(28);
});

test('a quality is found for a number of bits', () => {
  for (const quality of [0, 10.5, 28, 63]) {
    expect(qualityOfBits(qualities, qualities.bits(quality))).toBeCloseTo(quality, 2);
  }
  expect(qualityOfBits(qualities, 0)).toBe(0);
  expect(qualityOfBits(qualities, 1e9)).toBe(63);
  expect(qualityOfBits(qualities, 1e9, 40)).toBe(40);
});
