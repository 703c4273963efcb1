import { expect, test } from '@jest/globals';
import { Geometry } from '../../../src/codec/transform/frame-tokens.js';
import { foreignSidePlanes, SIDE_PLANES } from '../../../src/codec/transform/loop-filter.js';

test('a picture of another codec has its q, half of the luma groups, and nothing else', () => {
  // Three macroblocks beside each other: 6x2 sub-blocks in each plane.
  const side = foreignSidePlanes(new Geometry(40, 16), 27);
  const planes = Array.from({ length: SIDE_PLANES }, (_, plane) => [...side.subarray(12 * plane, 12 * plane + 12)]);
  expect(planes).toEqual([27, 0, 0, 32, 0, 0, 0].map((value) => Array<number>(12).fill(value)));
  expect(side).toHaveLength(84);
});
