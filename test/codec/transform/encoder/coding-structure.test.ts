import { expect, test } from '@jest/globals';
import { codingStructure } from '../../../../src/codec/transform/encoder/coding-structure.js';
import { Geometry } from '../../../../src/codec/transform/frame-tokens.js';

test('pyramids of sixteen frames for pictures of usual sizes', () => {
  const usual = { depth: 40, largestMiniGop: 16, slotCount: 5, reorderDepth: 4 };
  expect(codingStructure(new Geometry(640, 360), 250)).toEqual(usual);
  expect(codingStructure(new Geometry(1920, 1080), 250)).toEqual(usual);
});

test('large pictures look less far ahead and have smaller pyramids', () => {
  expect(codingStructure(new Geometry(7680, 4320), 250)).toEqual({
    depth: 4,
    largestMiniGop: 2,
    slotCount: 2,
    reorderDepth: 1,
  });
  expect(codingStructure(new Geometry(16384, 4096), 250)).toEqual({
    depth: 2,
    largestMiniGop: 1,
    slotCount: 1,
    reorderDepth: 0,
  });
});

test('no pyramid is larger than what stands between key frames', () => {
  const sizes = [1, 2, 3, 4, 5, 8, 9, 16, 17].map(
    (keyint) => codingStructure(new Geometry(64, 64), keyint).largestMiniGop,
  );
  expect(sizes).toEqual([1, 1, 2, 2, 4, 4, 8, 8, 16]);
});
