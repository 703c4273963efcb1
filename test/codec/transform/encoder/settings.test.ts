import { expect, test } from '@jest/globals';
import { ENCODER_SETTINGS } from '../../../../src/codec/transform/encoder/settings.js';

test('settings survive the way to another thread', () => {
  expect(structuredClone(ENCODER_SETTINGS)).toEqual(ENCODER_SETTINGS);
});

test('tunes differ in what people see: propagation, texture, grain and chroma', () => {
  const { psnr, lpips } = ENCODER_SETTINGS;
  const { temporalFilter } = psnr;
  const propagation = { ...lpips.propagation, strength: psnr.propagation.strength };
  const lagrangian = { ...lpips.lagrangian, chromaWeight: 1 };
  expect({ ...lpips, propagation, adaptiveQuality: null, temporalFilter, lagrangian }).toEqual(psnr);
  expect(temporalFilter).not.toBeNull();
  expect(lpips.temporalFilter).toBeNull();
  expect(lpips.lagrangian.chromaWeight).toBe(2);
});
