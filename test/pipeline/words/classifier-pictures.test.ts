import { expect, test } from '@jest/globals';
import { ClassifierPictures } from '../../../src/pipeline/words/classifier-pictures.js';
import { CLASSIFIER_BYTES, CLASSIFIER_SIZE } from '../../../src/words/classifier.js';

const colour = { primaries: 1, transfer: 1, matrix: 1, fullRange: true, chromaLocation: 1 };

/** Grey of each quarter: top left, top right, bottom left, bottom right. */
const QUARTERS = [20, 90, 160, 230];

/** A frame of 64x32 samples with four grey quarters. */
const frame = {
  width: 64,
  height: 32,
  y: Uint8Array.from({ length: 64 * 32 }, (_, at) => QUARTERS[(at % 64 < 32 ? 0 : 1) + (at < 64 * 16 ? 0 : 2)]!),
  u: new Uint8Array(32 * 16).fill(128),
  v: new Uint8Array(32 * 16).fill(128),
  pts: 0n,
  duration: 1n,
};

test.each([
  [0, [20, 90, 160, 230]],
  [90, [160, 20, 230, 90]],
  [180, [230, 160, 90, 20]],
  [270, [90, 230, 20, 160]],
] as const)('a frame to be turned by %i degrees is turned and fills the square', async (rotation, quarters) => {
  using pictures = new ClassifierPictures({ colour, rotation });
  const rgb = (await pictures.of(frame))();
  expect(rgb).toHaveLength(CLASSIFIER_BYTES);
  const at = (x: number, y: number): number => rgb[3 * (y * CLASSIFIER_SIZE + x)]!;
  const [near, far] = [CLASSIFIER_SIZE / 4, (3 * CLASSIFIER_SIZE) / 4];
  const found = [at(near, near), at(far, near), at(near, far), at(far, far)];
  found.forEach((value, quarter) => expect(Math.abs(value - quarters[quarter]!)).toBeLessThan(4));
});
