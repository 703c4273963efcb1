import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BitstreamError } from '../../src/errors.js';
import { AdaptiveTables } from '../../src/entropy/adaptive-tables.js';
import { decodeMagnitude, encodeMagnitude, escapeBits, MAGNITUDE_LIMIT } from '../../src/entropy/magnitude.js';
import { RansDecoder } from '../../src/entropy/rans-decoder.js';
import { RansEncoder } from '../../src/entropy/rans-encoder.js';
import { geometricTable } from './random.js';

const makeTables = (): AdaptiveTables => new AdaptiveTables(geometricTable(16, 0.5), 16, { rate: 7 });

test('every magnitude comes back', () => {
  const encoder = new RansEncoder();
  const writing = makeTables();
  for (let value = 0; value <= MAGNITUDE_LIMIT; value++) encodeMagnitude(encoder, writing, 0, value);
  const decoder = new RansDecoder(encoder.finish());
  const reading = makeTables();
  for (let value = 0; value <= MAGNITUDE_LIMIT; value++) {
    if (decodeMagnitude(decoder, reading, 0) !== value) throw new Error(`magnitude ${value} is lost`);
  }
  decoder.finish();
});

test('the escape is 1 bits, a 0 bit, the rest', () => {
  const cases = [
    [15, [0], 0, 0],
    [16, [1, 0], 0, 1],
    [17, [1, 0], 1, 1],
    [18, [1, 1, 0], 0, 2],
    [45, [1, 1, 1, 1, 0], 15, 4],
  ] as const;
  for (const [value, unary, rest, count] of cases) {
    const encoder = new RansEncoder();
    encodeMagnitude(encoder, makeTables(), 0, value);
    const decoder = new RansDecoder(encoder.finish());
    expect(makeTables().decode(decoder, 0)).toBe(15);
    for (const bit of unary) expect(decoder.bits(1)).toBe(bit);
    expect(decoder.bits(count)).toBe(rest);
    decoder.finish();
    expect(escapeBits(value)).toBe(unary.length + count);
  }
});

test('magnitudes mix with other symbols', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(20), fc.nat(MAGNITUDE_LIMIT)), { maxLength: 200 }), (values) => {
      const encoder = new RansEncoder();
      const writing = makeTables();
      for (const value of values) {
        encodeMagnitude(encoder, writing, 0, value);
        encoder.bits(value & 1, 1);
      }
      const decoder = new RansDecoder(encoder.finish());
      const reading = makeTables();
      for (const value of values) {
        expect(decodeMagnitude(decoder, reading, 0)).toBe(value);
        expect(decoder.bits(1)).toBe(value & 1);
      }
      decoder.finish();
    }),
  );
});

test('magnitudes beyond the limit are refused on both sides', () => {
  const encoder = new RansEncoder();
  expect(() => {
    encodeMagnitude(encoder, makeTables(), 0, MAGNITUDE_LIMIT + 1);
  }).toThrow(RangeError);
  const escape = (ones: number, rest: number): RansDecoder => {
    makeTables().encode(encoder, 0, 15);
    for (let index = 0; index < ones; index++) encoder.bits(1, 1);
    encoder.bits(0, 1);
    encoder.bits(rest, Math.min(ones, 15));
    return new RansDecoder(encoder.finish());
  };
  expect(() => decodeMagnitude(escape(13, 8178), makeTables(), 0)).toThrow(BitstreamError);
  expect(decodeMagnitude(escape(13, 8177), makeTables(), 0)).toBe(MAGNITUDE_LIMIT);
  expect(() => decodeMagnitude(escape(14, 0), makeTables(), 0)).toThrow(BitstreamError);
  expect(() => decodeMagnitude(escape(15, 0), makeTables(), 0)).toThrow(/too long an escape/);
});
