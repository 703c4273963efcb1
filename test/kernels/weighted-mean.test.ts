import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { seededRandom } from '../entropy/random.js';
import { integer, SharedPlane, texture, TEXTURES } from './arena.js';
import { weightedMean, type WeightedPrediction } from './twins/weighted-mean.js';

const STRIDE = 40;
const ROWS = 32;
const kernels = new Kernels();
const plane = new SharedPlane(kernels, STRIDE, ROWS);
const sums = kernels.allocate(2 * STRIDE * ROWS);
const weights = kernels.allocate(2 * STRIDE * ROWS);
const others = Array.from({ length: 10 }, () => new SharedPlane(kernels, 24, 24));
const kind = fc.constantFrom(...TEXTURES);

describe('weighted means equal their twin', () => {
  test.prop({ seed: fc.nat(), kinds: fc.tuple(kind, kind), count: fc.integer({ min: 0, max: 10 }) }, { numRuns: 60 })(
    'of a block and up to ten predictions',
    ({ seed, kinds, count }) => {
      const random = seededRandom(seed + 1);
      plane.set(texture(kinds[0], seed));
      const [width, height] = [8 * integer(random, 1, 2), integer(random, 1, 16)];
      const [row, column] = [integer(random, 0, 15), integer(random, 0, 20)];
      const chosen = others.slice(0, count).map((other, i) => {
        other.set(texture(kinds[1], seed + 2 + i));
        const place = [integer(random, 0, 7), integer(random, 0, 7)] as const;
        return { other, place, weight: integer(random, 0, 64), falloff: integer(random, 521, 32767) };
      });
      const at = 2 * (row * STRIDE + column);
      for (const { other, place, weight, falloff } of chosen) {
        kernels.call.addToMean(
          ...([plane.at(row, column), STRIDE, other.at(...place), other.stride] as const),
          ...([sums + at, weights + at, width, height, weight, falloff] as const),
        );
      }
      const predictions: WeightedPrediction[] = chosen.map(({ other, place, ...rest }) => ({
        ...rest,
        prediction: other.block(...place),
      }));
      kernels.call.takeMean(plane.at(0, 0), STRIDE, sums, weights, STRIDE, ROWS);
      const mean = weightedMean(plane.block(row, column), predictions, width, height);
      expect(plane.now()).toEqual(plane.with(row, column, width, mean));
      // Nothing is left for the next mean.
      for (const at of [sums, weights]) {
        expect(kernels.i16.subarray(at >> 1, (at >> 1) + STRIDE * ROWS).every((value) => value === 0)).toBe(true);
      }
    },
  );
});

test('ten predictions of greatest weight do not overflow', () => {
  // The sum of weighted differences is greatest at a difference of 73.
  plane.set(() => 100);
  others[0]!.set(() => 173);
  const predictions: WeightedPrediction[] = [];
  for (let i = 0; i < 10; i++) {
    predictions.push({ prediction: others[0]!.block(0, 0), weight: 64, falloff: 521 });
    kernels.call.addToMean(plane.at(0, 0), STRIDE, others[0]!.at(0, 0), 24, sums, weights, 8, 8, 64, 521);
  }
  kernels.call.takeMean(plane.at(0, 0), STRIDE, sums, weights, STRIDE, ROWS);
  expect(plane.now()).toEqual(plane.with(0, 0, 8, weightedMean(plane.block(0, 0), predictions, 8, 8)));
});
