import { expect, test } from '@jest/globals';
import { peakRatios } from '../../../src/pipeline/rate/peaks.js';

test('each frame gets the worst second that contains it', () => {
  // Four frames per second; the second from 2 to 5 has 10 bits in every window of four frames but the last ones.
  const bits = [1, 1, 1, 1, 7, 1, 1, 1, 1, 1];
  const frames = bits.map((count, at) => ({ pts: BigInt(25 * at), bits: count }));
  expect(peakRatios(frames, 100n, 10)).toEqual([0.4, 1, 1, 1, 1, 1, 1, 1, 0.4, 0.4]);
});

test('the order of the frames does not matter', () => {
  const frames = [3, 0, 2, 1].map((at) => ({ pts: BigInt(at), bits: at === 0 ? 9 : 1 }));
  expect(peakRatios(frames, 2n, 10)).toEqual([0.2, 1, 0.2, 1]);
  expect(peakRatios([], 2n, 10)).toEqual([]);
});
