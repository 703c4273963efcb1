import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../src/errors.js';
import { changeOf, computeSteadyPsnr } from '../../src/metrics/steadiness.js';
import { makeFrame } from './frames.js';

describe('computeSteadyPsnr', () => {
  const first = makeFrame(16, 8, (x) => 100 + x);
  const second = makeFrame(16, 8, (x) => 104 + x);

  test('counts the change of the error, not the error', () => {
    const off = (frame: typeof first, by: number): typeof first =>
      makeFrame(16, 8, (x, y) => frame.y[y * 16 + x]! + by);
    const before = { original: first, decoded: off(first, 20) };
    expect(computeSteadyPsnr(before, { original: second, decoded: off(second, 20) })).toBeNull();
    expect(computeSteadyPsnr(before, { original: second, decoded: off(second, 15) })).toBeCloseTo(
      20 * Math.log10(255 / 5),
      10,
    );
  });

  test('a picture that stands still misses the whole change', () => {
    const steady = computeSteadyPsnr({ original: first, decoded: first }, { original: second, decoded: first });
    expect(steady).toBeCloseTo(20 * Math.log10(255 / 4), 10);
  });

  test('refuses two sizes', () => {
    const small = makeFrame(8, 8, () => 0);
    expect(() => computeSteadyPsnr({ original: first, decoded: small }, { original: second, decoded: second })).toThrow(
      InputError,
    );
  });
});

test('changeOf is grey where nothing changes and stays within -1..1', () => {
  const tensor = (...data: number[]) => ({ data: Float32Array.from(data), dims: [1, 3, 1, data.length / 3] });
  expect(changeOf(tensor(0.5, -1, 1), tensor(0.5, 1, 0.5))).toEqual(tensor(0, 1, -0.5));
});
