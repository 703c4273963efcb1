import { describe, expect, test } from '@jest/globals';
import { decodeNpy, encodeNpy, npyHead } from '../../../src/pipeline/tokens/npy.js';
import type { ArrayLayout, TokenArray } from '../../../src/codec/token-arrays.js';

const arrays: [ArrayLayout, TokenArray][] = [
  [{ name: 'a', dtype: 'uint8', shape: [3] }, Uint8Array.of(0, 1, 255)],
  [{ name: 'a', dtype: 'int8', shape: [1, 3] }, Int8Array.of(-128, 1, 127)],
  [{ name: 'a', dtype: 'int16', shape: [2, 1, 2] }, Int16Array.of(-32768, 0, 1, 32767)],
  [{ name: 'a', dtype: 'uint32', shape: [0, 7] }, new Uint32Array(0)],
];

test.each(arrays)('%j comes back', (layout, array) => {
  const bytes = encodeNpy(layout, array);
  expect(decodeNpy(bytes, layout, 'a')).toEqual(array);
  // At an odd place in a larger buffer, too.
  const moved = Buffer.concat([Buffer.alloc(1), bytes]).subarray(1);
  expect(decodeNpy(moved, layout, 'a')).toEqual(array);
});

test('the head is that of NumPy format version 1.0', () => {
  const head = Buffer.from(npyHead('<i2', [5]));
  expect(head.length % 64).toBe(0);
  expect(head.toString('latin1').trimEnd()).toBe(
    `\x93NUMPY\x01\x00${String.fromCharCode(head.length - 10)}\x00{'descr': '<i2', 'fortran_order': False, 'shape': (5,), }`,
  );
});

describe('refused', () => {
  const layout: ArrayLayout = { name: 'a', dtype: 'int16', shape: [2, 2] };
  const good = encodeNpy(layout, Int16Array.of(1, 2, 3, 4));
  const decode = (bytes: Uint8Array) => (): TokenArray => decodeNpy(bytes, layout, '12/a');

  test('another type or shape', () => {
    const other = encodeNpy({ dtype: 'uint32', shape: [4, 1] }, new Uint32Array(4));
    expect(decode(other)).toThrow('12/a is <u4 [4, 1]; it must be <i2 (int16) [2, 2]');
  });

  test('too few data, another order, no array', () => {
    expect(decode(good.subarray(0, good.length - 1))).toThrow(/^12\/a is <i2 \[2, 2\]; it must be/);
    const fortran = Buffer.from(Buffer.from(good).toString('latin1').replace('False', 'True '), 'latin1');
    expect(decode(fortran)).toThrow("12/a is in Fortran's order: use C order");
    for (const bytes of [Buffer.alloc(0), Buffer.from('words'), good.subarray(0, 70)]) {
      expect(decode(bytes)).toThrow('12/a is not an array of numbers as numpy writes them');
    }
  });
});
