import { describe, expect, test } from '@jest/globals';
import { keyIntervalFrames } from '../../src/pipeline/key-interval.js';

const ntsc = { num: 30_000, den: 1001 };

describe('keyIntervalFrames', () => {
  test.each([
    [250, 250],
    ['250', 250],
    ['10s', 300],
    ['0.5s', 15],
    ['0.001s', 1],
  ])('%j', (interval, frames) => {
    expect(keyIntervalFrames(interval, ntsc)).toBe(frames);
  });

  test.each([0, -5, 1.5, '', 's', '10m', 'ten', '1e400'])('refuses %j', (interval) => {
    expect(() => keyIntervalFrames(interval, ntsc)).toThrow(/keyint is .*: give a number of frames from 1 on/);
  });
});
