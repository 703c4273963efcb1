import { expect, test } from '@jest/globals';
import { PRESETS } from '../../../../src/codec/sequence-options.js';
import { settingsOf } from '../../../../src/codec/transform/encoder/presets.js';
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

test('the preset medium changes nothing, all others do, and what a tune switches off stays off', () => {
  for (const tune of ['psnr', 'lpips'] as const) {
    expect(settingsOf(tune)).toEqual(ENCODER_SETTINGS[tune]);
    expect(settingsOf(tune, 'medium')).toEqual(ENCODER_SETTINGS[tune]);
    for (const preset of PRESETS) {
      if (preset !== 'medium') expect(settingsOf(tune, preset)).not.toEqual(ENCODER_SETTINGS[tune]);
      expect(settingsOf(tune, preset).temporalFilter === null).toBe(tune === 'lpips');
    }
  }
});
