import { expect, test } from '@jest/globals';
import { cropFrame } from '../../src/dev/crop.js';
import { SeededRandom } from '../../src/dev/random.js';

test('a part of a frame keeps luma and chroma together', () => {
  const frame = {
    width: 7,
    height: 6,
    y: Uint8Array.from({ length: 42 }, (_, i) => i),
    u: Uint8Array.from({ length: 12 }, (_, i) => 100 + i),
    v: Uint8Array.from({ length: 12 }, (_, i) => 200 + i),
    pts: 5n,
    duration: 1n,
  };
  expect(cropFrame(frame, { x: 2, y: 2, width: 3, height: 2 })).toEqual({
    ...frame,
    width: 3,
    height: 2,
    y: Uint8Array.of(16, 17, 18, 23, 24, 25),
    u: Uint8Array.of(105, 106),
    v: Uint8Array.of(205, 206),
  });
  expect(cropFrame(frame, { x: 0, y: 0, width: 7, height: 6 })).toBe(frame);
});

test('random numbers depend on the seed alone and cover their range', () => {
  const draw = (seed: string): number[] => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 200 }, () => random.below(7));
  };
  expect(draw('a')).toEqual(draw('a'));
  expect(draw('a')).not.toEqual(draw('b'));
  expect(new Set(draw('a')).size).toBe(7);
  expect(new SeededRandom('1 x').below(1)).toBe(0);
});
