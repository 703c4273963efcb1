import { describe, expect, test } from '@jest/globals';
import { fc, test as property } from '@fast-check/jest';
import { Pchip } from '../../src/metrics/pchip.js';

describe('Pchip', () => {
  test('gives what SciPy 1.x pchip_interpolate gives', () => {
    const curve = new Pchip([0, 1, 3, 4, 7], [0, 2, 2.5, 6, 1]);
    const expected = [1.262105855855856, 2.242523260965884, 5.276532786885248, 5.814814814814815];
    [0.5, 2, 3.7, 5].forEach((x, at) => expect(curve.at(x)).toBeCloseTo(expected[at]!, 12));
  });

  test('passes through its points and is a line for two', () => {
    const curve = new Pchip([1, 2, 5], [3, -1, 4]);
    expect([1, 2, 5].map((x) => curve.at(x))).toEqual([3, -1, 4]);
    expect(new Pchip([0, 4], [1, 9]).at(1)).toBeCloseTo(3, 12);
    expect(new Pchip([0, 4], [1, 9]).integrate(1, 3)).toBeCloseTo(10, 12);
  });

  const ascending = fc
    .array(fc.tuple(fc.double({ min: 0.01, max: 5, noNaN: true }), fc.double({ min: 0.01, max: 5, noNaN: true })), {
      minLength: 2,
      maxLength: 8,
    })
    .map((steps) => {
      let [x, y] = [0, 0];
      return steps.map(([dx, dy]) => [(x += dx), (y += dy)] as const);
    });

  property.prop([ascending])('rises where the data rise', (points) => {
    const x = points.map(([value]) => value);
    const curve = new Pchip(
      x,
      points.map(([, value]) => value),
    );
    let before = -Infinity;
    for (let step = 0; step <= 200; step++) {
      const position = Math.min(x[0]! + ((x.at(-1)! - x[0]!) * step) / 200, x.at(-1)!);
      const value = curve.at(position);
      expect(value).toBeGreaterThanOrEqual(before - 1e-9);
      before = value;
    }
  });

  property.prop([ascending, fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })])(
    'integrates what it interpolates',
    (points, from, to) => {
      const x = points.map(([value]) => value);
      const curve = new Pchip(
        x,
        points.map(([, value]) => value),
      );
      const span = x.at(-1)! - x[0]!;
      const [low, high] = [x[0]! + span * Math.min(from, to), x[0]! + span * Math.max(from, to) * 0.999];
      if (high <= low) return;
      const cells = 2000;
      let sum = 0;
      for (let cell = 0; cell < cells; cell++) sum += curve.at(low + ((high - low) * (cell + 0.5)) / cells);
      expect(curve.integrate(low, high)).toBeCloseTo((sum * (high - low)) / cells, 2);
    },
  );
});
