import { expect, test } from '@jest/globals';
import { ENCODER_SETTINGS } from '../../../../src/codec/transform/encoder/settings.js';

test('settings survive the way to another thread', () => {
  expect(structuredClone(ENCODER_SETTINGS)).toEqual(ENCODER_SETTINGS);
});

test('tunes differ in what people see: texture and chroma', () => {
  const { psnr, lpips } = ENCODER_SETTINGS;
  expect({ ...lpips, adaptiveQuality: null, lagrangian: { ...lpips.lagrangian, chromaWeight: 1 } }).toEqual(psnr);
  expect(lpips.lagrangian.chromaWeight).toBe(2);
});
