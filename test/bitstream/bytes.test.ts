import { expect, test } from '@jest/globals';
import { equalBytes, fromHex, toHex } from '../../src/bitstream/bytes.js';

test('bytes become hexadecimal digits and bytes again', () => {
  const bytes = Uint8Array.of(0, 1, 15, 16, 127, 128, 255);
  expect(toHex(bytes)).toBe('00010f107f80ff');
  expect(fromHex('00010f107f80ff')).toEqual(bytes);
  expect(fromHex('')).toEqual(new Uint8Array());
});

test('equal are arrays of the same length and bytes', () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBe(false);
});
