import { expect, test } from '@jest/globals';
import { wholeQuality } from '../../src/codec/whole-quality.js';

test('a whole quality stays as it is', () => {
  for (let index = 0; index < 1000; index++) expect(wholeQuality(28, index)).toBe(28);
});

test('the mean over any run of frames is the quality', () => {
  for (const quality of [0.25, 17.5, 40.9]) {
    for (const first of [0, 37, 5000]) {
      const whole = Array.from({ length: 40 }, (_, at) => wholeQuality(quality, first + at));
      const mean = whole.reduce((sum, value) => sum + value, 0) / whole.length;
      expect(Math.abs(mean - quality)).toBeLessThan(0.06);
      expect(Math.max(...whole) - Math.min(...whole)).toBe(1);
    }
  }
});
