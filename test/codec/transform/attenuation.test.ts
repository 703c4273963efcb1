import { expect, test } from '@jest/globals';
import { ATTENUATION, attenuate, attenuatePicture } from '../../../src/codec/transform/attenuation.js';

const BEFORE = [100, 100, 100, 100, 100, 100, 100, 100, 0, 255];
const AFTER = [100, 101, 102, 103, 99, 98, 97, 60, 1, 252];

function shown(attenuation: number): number[] {
  const after = Uint8Array.from(AFTER);
  attenuate(Uint8Array.from(BEFORE), after, attenuation);
  return [...after];
}

test.each([
  ['none', AFTER],
  ['small', [100, 100, 102, 103, 100, 98, 97, 60, 0, 252]],
  ['half', [100, 100, 101, 101, 100, 99, 99, 80, 0, 254]],
  ['all', BEFORE],
] as const)('attenuation %s', (name, wanted) => {
  expect(shown(ATTENUATION[name])).toEqual(wanted);
});

test('all planes of a picture are treated alike, and the picture before is left as it is', () => {
  const picture = (values: readonly number[]) => ({
    y: Uint8Array.from(values),
    u: Uint8Array.from(values.slice(0, 4)),
    v: Uint8Array.from(values.slice(4, 8)),
  });
  const before = picture(BEFORE);
  const after = picture(AFTER);
  attenuatePicture(before, after, ATTENUATION.half);
  expect(before).toEqual(picture(BEFORE));
  expect([after.y, after.u, after.v].map((plane) => plane.join())).toEqual([
    '100,100,101,101,100,99,99,80,0,254',
    '100,100,101,101',
    '100,99,99,80',
  ]);
});
