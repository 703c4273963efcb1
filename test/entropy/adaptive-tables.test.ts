import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BitstreamError, ModelError } from '../../src/errors.js';
import { AdaptiveTables, pairOf, tablesOf } from '../../src/entropy/adaptive-tables.js';
import { RansDecoder } from '../../src/entropy/rans-decoder.js';
import { RansEncoder } from '../../src/entropy/rans-encoder.js';
import { drawSymbol, geometricTable, seededRandom } from './random.js';

/** Adaptation of one table, written again in the words of FORMAT.md section 7. */
function adapted(frequencies: number[], symbol: number, rate: number): number[] {
  const smaller = frequencies.map((frequency) => frequency - ((frequency - 1) >> rate));
  const lacking = 32768 - smaller.reduce((sum, frequency) => sum + frequency, 0);
  return smaller.map((frequency, index) => (index === symbol ? frequency + lacking : frequency));
}

const rates = ['counted', 7] as const;

describe.each(rates)('rate %s', (rate) => {
  test.each([16, 17])('tables of %i symbols follow the rule and never lose a symbol', (symbols) => {
    const random = seededRandom(3);
    const first = geometricTable(symbols, 0.6);
    const tables = new AdaptiveTables(Uint16Array.of(...first, ...first), symbols, { rate });
    let expected = [...first];
    const encoder = new RansEncoder();
    for (let count = 0; count < 600; count++) {
      const symbol = count < 300 ? symbols - 1 : drawSymbol(first, random);
      tables.encode(encoder, 1, symbol);
      expected = adapted(expected, symbol, rate === 'counted' ? 4 + Math.min(count >> 4, 1) : rate);
      expect(expected.map((_, index) => tables.frequency(1, index))).toEqual(expected);
      expect(Math.min(...expected)).toBeGreaterThanOrEqual(1);
    }
    expect(first.every((frequency, index) => frequency === tables.frequency(0, index))).toBe(true);
    tables.reset();
    expect(tables.frequency(1, 0)).toBe(first[0]);
  });

  test('both sides adapt alike', () => {
    const alphabet = fc.integer({ min: 1, max: 17 });
    fc.assert(
      fc.property(
        alphabet.chain((symbols) =>
          fc.tuple(fc.constant(symbols), fc.array(fc.tuple(fc.nat(2), fc.nat(symbols - 1)), { maxLength: 400 })),
        ),
        ([symbols, steps]) => {
          const one = geometricTable(symbols, 0.5);
          const frequencies = Uint16Array.of(...one, ...one, ...one);
          const writing = new AdaptiveTables(frequencies, symbols, { rate });
          const reading = new AdaptiveTables(frequencies, symbols, { rate });
          const encoder = new RansEncoder();
          for (const [table, symbol] of steps) writing.encode(encoder, table, symbol);
          const decoder = new RansDecoder(encoder.finish());
          for (const [table, symbol] of steps) expect(reading.decode(decoder, table)).toBe(symbol);
          decoder.finish();
          for (let table = 0; table < 3; table++) {
            for (let symbol = 0; symbol < symbols; symbol++) {
              expect(reading.frequency(table, symbol)).toBe(writing.frequency(table, symbol));
            }
          }
        },
      ),
    );
  });
});

test('a pair of tables codes with the mean of both, and both adapt', () => {
  const random = seededRandom(8);
  const [one, other] = [geometricTable(17, 0.7), geometricTable(17, 0.2)];
  const make = (): AdaptiveTables => new AdaptiveTables(Uint16Array.of(...one, ...other), 17, { rate: 7 });
  const [writing, reading, adapting] = [make(), make(), make()];
  const encoder = new RansEncoder();
  const expected = [[...one], [...other]];
  const pair = pairOf(0, 1);
  expect(tablesOf(pair)).toEqual([0, 1]);
  expect(tablesOf(1)).toEqual([1, 1]);
  const symbols = Array.from({ length: 500 }, () => drawSymbol(one, random));
  for (const symbol of symbols) {
    const mean = Math.floor((expected[0]![symbol]! + expected[1]![symbol]!) / 2);
    expect(writing.cost(pair, symbol)).toBeCloseTo(15 - Math.log2(mean), 9);
    writing.encode(encoder, pair, symbol);
    adapting.adapt(pair, symbol);
    expected.forEach((frequencies, table) => (expected[table] = adapted(frequencies, symbol, 7)));
  }
  const decoder = new RansDecoder(encoder.finish());
  for (const symbol of symbols) expect(reading.decode(decoder, pair)).toBe(symbol);
  decoder.finish();
  for (const tables of [writing, reading, adapting]) {
    expected.forEach((frequencies, table) => {
      expect(frequencies.map((_, symbol) => tables.frequency(table, symbol))).toEqual(frequencies);
    });
  }
  expect(() => {
    writing.adapt(pairOf(0, 2), 0);
  }).toThrow(RangeError);
});

test('a pair of one table is that table', () => {
  const [single, pair] = [0, 1].map(() => new AdaptiveTables(geometricTable(5, 0.5), 5, { rate: 'counted' }));
  for (let index = 0; index < 50; index++) {
    single!.adapt(0, index % 3);
    pair!.adapt(pairOf(0, 0), index % 3);
  }
  for (let symbol = 0; symbol < 5; symbol++) expect(pair!.frequency(0, symbol)).toBe(single!.frequency(0, symbol));
});

test('the count of a table is part of what reset clears', () => {
  const tables = new AdaptiveTables(geometricTable(4, 0.5), 4, { rate: 'counted' });
  const encoder = new RansEncoder();
  const run = (): number[] => {
    for (let index = 0; index < 40; index++) tables.encode(encoder, 0, index & 3);
    return [0, 1, 2, 3].map((symbol) => tables.frequency(0, symbol));
  };
  const before = run();
  expect(run()).not.toEqual(before);
  tables.reset();
  expect(run()).toEqual(before);
});

test('adapting to a skewed source costs less than its first tables', () => {
  const random = seededRandom(11);
  const source = geometricTable(16, 0.2);
  const tables = new AdaptiveTables(geometricTable(16, 0.99), 16, { rate: 'counted' });
  const before = tables.cost(0, 0);
  const encoder = new RansEncoder();
  for (let index = 0; index < 10_000; index++) tables.encode(encoder, 0, drawSymbol(source, random));
  // Entropy of the source is 0.90 bits per symbol, of the first tables 4 bits.
  expect((8 * encoder.finish().length) / 10_000).toBeLessThan(1);
  expect(tables.cost(0, 0)).toBeLessThan(before);
});

test('tables that are none are refused', () => {
  const make = (frequencies: number[], symbols: number) => () =>
    new AdaptiveTables(Uint16Array.from(frequencies), symbols, { rate: 7 });
  expect(make([32767, 2], 2)).toThrow(ModelError);
  expect(make([32768, 0], 2)).toThrow(/frequency of symbol 1 is zero/);
  expect(make([16384, 16384, 1], 2)).toThrow(ModelError);
  expect(make([], 0)).toThrow(ModelError);
  expect(() => new AdaptiveTables(Uint16Array.of(32768), 1, { rate: 0 })).toThrow(RangeError);
});

test('symbols and tables that do not exist are refused', () => {
  const tables = new AdaptiveTables(geometricTable(4, 0.5), 4, { rate: 7 });
  const encoder = new RansEncoder();
  expect(() => {
    tables.encode(encoder, 0, 4);
  }).toThrow(RangeError);
  expect(() => {
    tables.adapt(1, 0);
  }).toThrow(RangeError);
  const decoder = new RansDecoder(encoder.finish());
  expect(() => tables.decode(decoder, -1)).toThrow(RangeError);
});

test('a stream that ends is noticed', () => {
  const tables = new AdaptiveTables(geometricTable(4, 0.99), 4, { rate: 7 });
  const decoder = new RansDecoder(new RansEncoder().finish());
  expect(() => {
    for (let index = 0; index < 100; index++) tables.decode(decoder, 0);
  }).toThrow(BitstreamError);
});
