import { describe, expect, test } from '@jest/globals';
import { Akima } from '../../src/metrics/akima.js';

describe('Akima', () => {
  test('gives what SciPy 1.17 Akima1DInterpolator gives', () => {
    const curve = new Akima([0, 1, 3, 4, 7], [0, 2, 2.5, 6, 1]);
    const expected = [1.1859375, 2.3288027108433735, 5.090326494095193, 6.317015034836817];
    [0.5, 2, 3.7, 5].forEach((x, at) => expect(curve.at(x)).toBeCloseTo(expected[at]!, 12));
    expect(curve.integrate(0.25, 6)).toBeCloseTo(21.78802414039193, 12);
  });

  test('passes through its points and is a line for two, and along lines', () => {
    const curve = new Akima([1, 2, 5], [3, -1, 4]);
    expect([1, 2, 5].map((x) => curve.at(x))).toEqual([3, -1, 4]);
    expect(new Akima([0, 4], [1, 9]).at(1)).toBeCloseTo(3, 12);
    expect(new Akima([0, 1, 2, 5], [0, 2, 4, 10]).at(3)).toBeCloseTo(6, 12);
  });

  test('takes the mean slope where straight lines meet', () => {
    const curve = new Akima([0, 1, 2, 3, 4], [0, 0, 0, 1, 2]);
    expect(curve.at(1.5)).toBeCloseTo(-0.0625, 12);
    expect(curve.at(3.5)).toBeCloseTo(1.5, 12);
  });
});
