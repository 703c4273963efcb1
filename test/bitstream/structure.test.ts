import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../../src/bitstream/byte-reader.js';
import { ByteWriter } from '../../src/bitstream/byte-writer.js';
import { uint, varint, when, zigzag } from '../../src/bitstream/field-types.js';
import { bitField, structure } from '../../src/bitstream/structure.js';
import { BitstreamError, InputError } from '../../src/errors.js';

const sample = structure({
  bits: bitField(1, { hasMore: 1, rest: 7 }),
  more: when((before) => (before['bits'] as { hasMore: number }).hasMore === 1, uint(2, 10, 1000)),
  count: varint(2n ** 64n - 1n),
  difference: zigzag(),
});

test('one field list reads, writes, measures and describes', () => {
  fc.assert(
    fc.property(
      fc.record({
        hasMore: fc.nat(1),
        rest: fc.nat(127),
        more: fc.integer({ min: 10, max: 1000 }),
        count: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        difference: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      }),
      ({ hasMore, rest, more, count, difference }) => {
        const record = { bits: { hasMore, rest }, more: hasMore === 1 ? more : null, count, difference };
        const writer = new ByteWriter();
        sample.write(writer, record, 'sample');
        const bytes = writer.finish();
        expect(sample.size(record)).toBe(bytes.length);
        expect(sample.read(new ByteReader(bytes), 'sample')).toEqual(record);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => sample.read(new ByteReader(bytes.subarray(0, length), 100), 'sample')).toThrow(BitstreamError);
        }
        expect(sample.describe(record)).toContain(`count ${count}, difference ${difference}`);
      },
    ),
  );
});

test('numbers have one form', () => {
  const read = (...bytes: number[]): bigint => new ByteReader(Uint8Array.from(bytes), 7).varint('n');
  expect(read(0x00)).toBe(0n);
  expect(read(0xac, 0x02)).toBe(300n);
  expect(read(...Array.from({ length: 9 }, () => 0xff), 0x01)).toBe(2n ** 64n - 1n);
  expect(() => read(0x80, 0x00)).toThrow(/needless bytes \(field n at byte 7\)/);
  expect(() => read(...Array.from({ length: 9 }, () => 0xff), 0x02)).toThrow(/exceeds 64 bits/);
  expect(() => read(...Array.from({ length: 11 }, () => 0x80))).toThrow(/exceeds 64 bits/);
  expect(() => read(0x80)).toThrow(/1 bytes are needed, 0 are left/);
});

test('values outside their range are refused both ways', () => {
  const record = { bits: { hasMore: 1, rest: 0 }, more: 10, count: 0n, difference: 0n };
  const write = (change: object) => () => {
    sample.write(new ByteWriter(), { ...record, ...change }, 'sample');
  };
  expect(write({ more: 9 })).toThrow(InputError);
  expect(write({ more: null })).toThrow(/more null/);
  expect(write({ bits: { hasMore: 1, rest: 128 } })).toThrow(/bits.rest 128/);
  expect(write({ count: -1n })).toThrow(InputError);
  expect(write({ difference: 2n ** 63n })).toThrow(/64 bits/);
  expect(() => sample.read(new ByteReader(Uint8Array.of(1, 9, 0, 0, 0)), 's')).toThrow(/9 is outside 10..1000/);
  expect(() => bitField(1, { a: 3, b: 4 })).toThrow(RangeError);
});
