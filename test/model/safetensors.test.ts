import { describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/errors.js';
import { parseSafetensors } from '../../src/model/safetensors.js';
import { assembleSafetensors, writeSafetensors } from '../support/safetensors.js';

describe('parseSafetensors', () => {
  test('gives back every type that was written, from an unaligned buffer too', () => {
    const tensors = new Map([
      ['bytes', { dtype: 'U8', shape: [3], data: Uint8Array.of(0, 7, 255) }],
      ['signed', { dtype: 'I8', shape: [1, 2], data: Int8Array.of(-128, 127) }],
      ['words', { dtype: 'U16', shape: [2], data: Uint16Array.of(1, 65535) }],
      ['shorts', { dtype: 'I16', shape: [2, 1], data: Int16Array.of(-32768, 5) }],
      ['ints', { dtype: 'I32', shape: [], data: Int32Array.of(-2147483648) }],
      ['floats', { dtype: 'F32', shape: [2], data: Float32Array.of(0.5, -3) }],
      ['nothing', { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) }],
    ]);
    const written = writeSafetensors(tensors);
    const shifted = new Uint8Array(written.length + 1);
    shifted.set(written, 1);
    expect(parseSafetensors(shifted.subarray(1), 'file')).toEqual(tensors);
  });

  test('ignores metadata', () => {
    const file = assembleSafetensors('{"__metadata__":{"format":"np"}}', new Uint8Array(0));
    expect(parseSafetensors(file, 'file').size).toBe(0);
  });

  const entry = (fields: object): Uint8Array =>
    assembleSafetensors(
      JSON.stringify({ x: { dtype: 'U8', shape: [2], data_offsets: [0, 2], ...fields } }),
      Uint8Array.of(1, 2, 3, 4),
    );
  const longHeader = assembleSafetensors('{}', new Uint8Array(0));
  longHeader.set([255, 255, 255, 255, 255, 255, 255, 255]);

  test.each<[string, Uint8Array, RegExp]>([
    ['seven bytes', new Uint8Array(7), /too short/],
    ['a header longer than the file', longHeader, /header length/],
    ['a header that is no JSON', assembleSafetensors('{', new Uint8Array(0)), /not JSON/],
    ['a header that is an array', assembleSafetensors('[1]', new Uint8Array(0)), /header/],
    ['another type', entry({ dtype: 'F64' }), /dtype/],
    ['a negative length', entry({ shape: [-2] }), /shape/],
    ['a size that overflows', entry({ shape: [2 ** 40, 2 ** 40] }), /tensor x/],
    ['a shape that does not fit', entry({ shape: [3] }), /tensor x: 3 bytes/],
    ['data behind the end', entry({ data_offsets: [3, 5] }), /do not lie at 3\.\.5 of 4/],
    ['an end before the start', entry({ data_offsets: [2, 0] }), /tensor x/],
  ])('refuses %s', (_, file, message) => {
    expect(() => parseSafetensors(file, 'file')).toThrow(ModelError);
    expect(() => parseSafetensors(file, 'file')).toThrow(message);
  });
});
