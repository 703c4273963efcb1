import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../src/errors.js';
import { computeFlicker, findStillBlocks } from '../../src/metrics/flicker.js';
import { measureFrames } from '../../src/metrics/measures.js';
import { makeFrame } from './frames.js';

/** The left half stands still, the right half moves by `by`. */
const half = (by: number) => makeFrame(32, 16, (x) => (x < 16 ? 90 : 100 + by));
const moving = (by: number) => makeFrame(32, 16, () => 100 + by);

describe('findStillBlocks', () => {
  test('are those that change by 2 at most, on average over their samples', () => {
    expect(findStillBlocks(half(0), half(5))).toEqual([0, 8, 8 * 32, 8 * 32 + 8]);
    expect(findStillBlocks(moving(0), moving(2))).toHaveLength(8);
    expect(findStillBlocks(moving(0), moving(-2))).toHaveLength(8);
    expect(findStillBlocks(moving(0), moving(3))).toBeNull();
    // One sample that changes much is no movement.
    expect(
      findStillBlocks(
        moving(0),
        makeFrame(32, 16, (x, y) => (x === 3 && y === 3 ? 200 : 100)),
      ),
    ).toHaveLength(8);
  });

  test('one block of a hundred counts, less does not', () => {
    const frame = (blocks: number, by: number) => makeFrame(blocks * 8, 8, (x) => (x < 8 ? 50 : 50 + by));
    expect(findStillBlocks(frame(100, 0), frame(100, 9))).toEqual([0]);
    expect(findStillBlocks(frame(101, 0), frame(101, 9))).toBeNull();
  });

  test('what is left over at the edges is not looked at', () => {
    expect(
      findStillBlocks(
        makeFrame(15, 23, () => 7),
        makeFrame(15, 23, () => 7),
      ),
    ).toEqual([0, 120]);
  });
});

describe('computeFlicker', () => {
  test('counts what comes and goes where the original stands still, and nothing else', () => {
    const before = { original: half(0), decoded: half(0) };
    // Wrong by 40 where the original moves.
    expect(computeFlicker(before, { original: half(5), decoded: half(45) })).toBe(100);
    const flickers = makeFrame(32, 16, (x) => (x < 16 ? 94 : 105));
    expect(computeFlicker(before, { original: half(5), decoded: flickers })).toBeCloseTo(20 * Math.log10(255 / 4), 10);
  });

  test('an error that stays is none', () => {
    const off = makeFrame(32, 16, (x) => (x < 16 ? 70 : 100));
    expect(computeFlicker({ original: half(0), decoded: off }, { original: half(5), decoded: off })).toBe(100);
  });

  test('is null where nothing stands still, and refuses two sizes', () => {
    const [first, second] = [moving(0), moving(9)];
    expect(computeFlicker({ original: first, decoded: first }, { original: second, decoded: second })).toBeNull();
    const small = makeFrame(8, 8, () => 0);
    expect(() => computeFlicker({ original: first, decoded: first }, { original: first, decoded: small })).toThrow(
      InputError,
    );
  });
});

test('frames in which nothing stands still have no value in a clip', async () => {
  const original = [half(0), half(5), moving(60), moving(60)];
  const pairs = original.map((frame) => ({ original: frame, decoded: frame }));
  const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 };
  const { flicker } = await measureFrames(['flicker'], pairs, { colour, threads: 1 });
  expect(flicker).toEqual([100, 100]);
});
