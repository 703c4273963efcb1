import { expect, test } from '@jest/globals';
import { packPairs, unpackPairs } from '../../src/metrics/pair-batch.js';
import { drawPair } from './pictures.js';

test.each([
  [16, 8],
  [17, 9],
])('pairs of %dx%d come out of a batch as they went in', (width, height) => {
  const pairs = [1, 2, 3].map((seed) => drawPair(width, height, seed, 50));
  const planes = (found: typeof pairs) =>
    found.map(({ original, decoded }) => [original, decoded].map(({ y, u, v }) => [y, u, v].map((p) => [...p])));
  const alone = unpackPairs(packPairs(null, pairs));
  expect(alone.before).toBeNull();
  expect(planes(alone.pairs)).toEqual(planes(pairs));
  const after = unpackPairs(packPairs(pairs[0]!, pairs.slice(1)));
  expect(planes([after.before!, ...after.pairs])).toEqual(planes(pairs));
  expect(after.pairs[0]!.original).toMatchObject({ width, height });
});
