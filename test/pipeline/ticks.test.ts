import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { convertTicks, secondsToTicks, ticksToSeconds } from '../../src/pipeline/ticks.js';

describe('ticks', () => {
  test('seconds to the first tick at or after them', () => {
    expect(secondsToTicks(0.1, { num: 1, den: 90_000 })).toBe(9000n);
    expect(secondsToTicks(1, { num: 1001, den: 30_000 })).toBe(30n);
    expect(secondsToTicks(0, { num: 1, den: 25 })).toBe(0n);
    expect(ticksToSeconds(9000n, { num: 1, den: 90_000 })).toBe(0.1);
  });

  test('to the nearest tick of another time base, halves upwards', () => {
    expect(convertTicks(1n, { num: 1, den: 2 }, { num: 1, den: 1 })).toBe(1n);
    expect(convertTicks(-1n, { num: 1, den: 2 }, { num: 1, den: 1 })).toBe(0n);
    expect(convertTicks(-3n, { num: 1, den: 2 }, { num: 1, den: 1 })).toBe(-1n);
    expect(convertTicks(-4n, { num: 1, den: 3 }, { num: 1, den: 1 })).toBe(-1n);
    expect(convertTicks(512n, { num: 1, den: 12_800 }, { num: 1, den: 48_000 })).toBe(1920n);
  });

  test('never off by more than half a tick', () => {
    const part = fc.integer({ min: 1, max: 200_000 });
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), part, part, part, part, (ticks, a, b, c, d) => {
        const result = convertTicks(BigInt(ticks), { num: a, den: b }, { num: c, den: d });
        // |2 result c b - 2 ticks a d| <= c b, all in integers.
        const error = 2n * (result * BigInt(c) * BigInt(b) - BigInt(ticks) * BigInt(a) * BigInt(d));
        const limit = BigInt(c) * BigInt(b);
        return error <= limit && -error <= limit;
      }),
    );
  });
});
