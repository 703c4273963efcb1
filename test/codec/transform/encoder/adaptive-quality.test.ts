import { expect, test } from '@jest/globals';
import { adaptQuality } from '../../../../src/codec/transform/encoder/adaptive-quality.js';
import { Geometry } from '../../../../src/codec/transform/frame-tokens.js';

const geometry = new Geometry(200, 72);
const settings = { strength: 1, noise: 4 };
const NONE = new Int8Array(geometry.regionRows * geometry.regionColumns);

/** Variances of noise with an amplitude of its own in each column of regions. */
function striped(amplitudes: readonly number[]): Float64Array {
  return Float64Array.from({ length: geometry.rows * geometry.columns }, (_, at) => {
    const amplitude = amplitudes[Math.floor((at % geometry.columns) / 4)]!;
    return amplitude ** 2 / 3;
  });
}

test('regions with texture lose q, smooth ones gain it, each doubling of variance alike', () => {
  const [quiet, middle, loud] = adaptQuality(geometry, striped([8, 16, 32, 32]), NONE, settings);
  expect(quiet).toBeGreaterThan(middle!);
  expect(middle).toBeGreaterThan(loud!);
  // Four times the variance is two doublings.
  expect(quiet! - middle!).toBe(2);
  expect(middle! - loud!).toBe(2);
});

test('a picture alike everywhere keeps its offsets, which are never beyond the format', () => {
  const flat = new Float64Array(geometry.rows * geometry.columns);
  const offsets = NONE.map((_, region) => (region % 2 === 0 ? 3 : -8));
  expect(adaptQuality(geometry, flat, offsets, settings)).toEqual(offsets);
  const extreme = adaptQuality(geometry, striped([0, 127, 127, 127]), NONE.fill(7), settings);
  expect(Math.max(...extreme)).toBe(8);
  expect(Math.min(...extreme)).toBeGreaterThanOrEqual(-8);
});

test('regions of less than one block in the visible picture are left alone', () => {
  // The second row of regions shows 8 lines.
  const offsets = new Int8Array(NONE.length).fill(1);
  const adapted = adaptQuality(geometry, striped([0, 100, 100, 100]), offsets, settings);
  expect(Array.from(adapted.subarray(geometry.regionColumns))).toEqual([1, 1, 1, 1]);
});
