import { expect, test } from '@jest/globals';
import { IntraModes } from '../../../../src/codec/transform/encoder/intra-modes.js';

/** Six classes of three modes. */
const CLASSES = Uint8Array.from({ length: 18 }, (_, mode) => Math.floor(mode / 3));

function rank(costs: readonly number[], limit?: number): { tried: number[]; first: number; second: number } {
  const tried: number[] = [];
  const costOf = (mode: number): number => {
    tried.push(mode);
    return costs[mode]!;
  };
  const { first, second } = new IntraModes(CLASSES).rank(costOf, limit);
  return { tried, first: first.mode, second: second.mode };
}

test('one mode of each class is tried, then the others of the two best classes', () => {
  const costs = CLASSES.map((_, mode) => 100 - mode);
  const { tried, first, second } = rank([...costs]);
  expect(tried).toEqual([1, 4, 7, 10, 13, 16, 15, 17, 12, 14]);
  expect([first, second]).toEqual([17, 16]);
});

test('only the first four classes are tried if none of their modes costs less than the limit', () => {
  const costs = [...CLASSES.map((_, mode) => 100 - mode)];
  expect(rank(costs, 89)).toEqual({ tried: [1, 4, 7, 10], first: 10, second: 7 });
  expect(rank(costs, 90).tried).toHaveLength(10);
});
