import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BitstreamError } from '../../src/errors.js';
import { information } from '../../src/entropy/information.js';
import { RansDecoder } from '../../src/entropy/rans-decoder.js';
import { RansEncoder } from '../../src/entropy/rans-encoder.js';
import { drawSymbol, geometricTable, seededRandom } from './random.js';

function starts(table: Uint16Array): number[] {
  const result: number[] = [];
  let start = 0;
  for (const frequency of table) {
    result.push(start);
    start += frequency;
  }
  return result;
}

function find(table: Uint16Array, slot: number): number {
  let symbol = 0;
  let start = 0;
  while (slot >= start + (table[symbol] ?? 0)) start += table[symbol++] ?? 0;
  return symbol;
}

describe('literal words', () => {
  test('no symbol is the bare state L', () => {
    expect([...new RansEncoder().finish()]).toEqual([0x00, 0x00, 0x80, 0x00]);
  });

  test('one bit keeps the state within 32 bits', () => {
    const encoder = new RansEncoder();
    encoder.bits(1, 1);
    // x = 2^23: floor(x / 2^14) * 2^15 + 2^14 + 0 = 2^24 + 2^14
    expect([...encoder.finish()]).toEqual([0x00, 0x40, 0x00, 0x01]);
  });

  test('a rare symbol pushes its bytes out', () => {
    const encoder = new RansEncoder();
    encoder.encode(32767, 1);
    // x = 2^23 >= 2^16: byte 0 goes out, x = 2^15; then x = 2^15 * 2^15 + 32767
    expect([...encoder.finish()]).toEqual([0xff, 0x7f, 0x00, 0x40, 0x00]);
  });

  test('a word of three symbols and raw bits', () => {
    const encoder = new RansEncoder();
    encoder.encode(0, 30000);
    encoder.encode(30000, 2000);
    encoder.encode(32000, 768);
    encoder.bits(0b10110, 5);
    encoder.bits(0, 0);
    expect(encoder.symbolCount).toBe(5);
    const bytes = encoder.finish();
    expect(Buffer.from(bytes).toString('hex')).toBe(WORD);
    const decoder = new RansDecoder(bytes);
    expect(decoder.slot).toBeLessThan(30000);
    decoder.advance(0, 30000);
    expect(decoder.slot).toBeGreaterThanOrEqual(30000);
    decoder.advance(30000, 2000);
    decoder.advance(32000, 768);
    expect(decoder.bits(5)).toBe(0b10110);
    expect(decoder.bits(0)).toBe(0);
    decoder.finish();
  });
});

// Computed with arbitrary-precision integers from the formula.
const WORD = '58efbe2f00';

describe('round trips', () => {
  const tables = [0.02, 0.3, 0.7, 0.95].map((decay) => geometricTable(16, decay));

  test('any sequence of symbols and raw bits comes back', () => {
    const step = fc.oneof(
      fc.record({ table: fc.nat(3), symbol: fc.nat(15) }),
      fc.nat(15).chain((count) => fc.record({ count: fc.constant(count), value: fc.nat(2 ** count - 1) })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), fc.nat(5), (steps, offset) => {
        const encoder = new RansEncoder();
        for (const one of steps) {
          if ('count' in one) encoder.bits(one.value, one.count);
          else {
            const table = tables[one.table] ?? new Uint16Array();
            encoder.encode(starts(table)[one.symbol] ?? 0, table[one.symbol] ?? 0);
          }
        }
        const coded = encoder.finish();
        const padded = new Uint8Array(coded.length + offset + 3).fill(0xaa);
        padded.set(coded, offset);
        const decoder = new RansDecoder(padded, offset, coded.length);
        for (const one of steps) {
          if ('count' in one) expect(decoder.bits(one.count)).toBe(one.value);
          else {
            const table = tables[one.table] ?? new Uint16Array();
            const symbol = find(table, decoder.slot);
            expect(symbol).toBe(one.symbol);
            decoder.advance(starts(table)[symbol] ?? 0, table[symbol] ?? 0);
          }
        }
        decoder.finish();
      }),
    );
  });

  test('an encoder can be used again after finish', () => {
    const encoder = new RansEncoder();
    const code = (): string => {
      for (let value = 0; value < 5000; value++) encoder.bits(value & 255, 8);
      return Buffer.from(encoder.finish()).toString('hex');
    };
    expect(code()).toBe(code());
    expect(encoder.symbolCount).toBe(0);
  });
});

test('a million symbols cost their information content within 0.3 %', () => {
  const random = seededRandom(7);
  for (const decay of [0.001, 0.05, 0.5, 0.9]) {
    const table = geometricTable(16, decay);
    const first = starts(table);
    const encoder = new RansEncoder();
    let bits = 0;
    for (let index = 0; index < 1_000_000; index++) {
      const symbol = drawSymbol(table, random);
      encoder.encode(first[symbol] ?? 0, table[symbol] ?? 0);
      bits += information(table[symbol] ?? 0);
    }
    const coded = 8 * encoder.finish().length;
    expect(coded / bits).toBeLessThan(1.003);
    expect(coded / bits).toBeGreaterThan(0.99999);
  }
});

describe('what cannot be coded or decoded is refused', () => {
  test('intervals and raw bits outside their range', () => {
    const encoder = new RansEncoder();
    expect(() => encoder.encode(0, 0)).toThrow(RangeError);
    expect(() => encoder.encode(32767, 2)).toThrow(RangeError);
    expect(() => encoder.encode(-1, 2)).toThrow(RangeError);
    expect(() => encoder.bits(4, 2)).toThrow(RangeError);
    expect(() => encoder.bits(0, 16)).toThrow(RangeError);
  });

  test('a stream cut at any byte, or with a byte more', () => {
    const encoder = new RansEncoder();
    const values = Array.from({ length: 40 }, (_, index) => (index * 37) & 127);
    for (const value of values) encoder.bits(value, 7);
    const bytes = encoder.finish();
    const decode = (coded: Uint8Array): void => {
      const decoder = new RansDecoder(coded);
      for (const value of values) expect(decoder.bits(7)).toBe(value);
      decoder.finish();
    };
    decode(bytes);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decode(bytes.subarray(0, length))).toThrow(BitstreamError);
    }
    expect(() => decode(Uint8Array.of(...bytes, 0))).toThrow(BitstreamError);
  });

  test('a first state outside the interval', () => {
    expect(() => new RansDecoder(Uint8Array.of(0xff, 0xff, 0x7f, 0x00))).toThrow(BitstreamError);
    expect(() => new RansDecoder(Uint8Array.of(0x00, 0x00, 0x00, 0x80))).toThrow(BitstreamError);
    expect(() => new RansDecoder(new Uint8Array(8), 6, 4)).toThrow(RangeError);
  });

  test('a last state other than L', () => {
    const decoder = new RansDecoder(Uint8Array.of(0x01, 0x00, 0x80, 0x00));
    expect(() => {
      decoder.finish();
    }).toThrow(BitstreamError);
  });
});
