import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AdaptiveTables } from '../../src/entropy/adaptive-tables.js';
import { RansDecoder } from '../../src/entropy/rans-decoder.js';
import { RansEncoder } from '../../src/entropy/rans-encoder.js';
import type { SymbolCoder } from '../../src/entropy/symbol-coder.js';
import { CostCounter, SymbolReader, SymbolWriter, TableAdapter } from '../../src/entropy/symbol-coder.js';
import { geometricTable } from './random.js';

/** A little syntax, written once for both directions. */
function codeAll(coder: SymbolCoder, values: readonly number[]): number[] {
  const kinds = new AdaptiveTables(geometricTable(3, 0.4), 3, { rate: 'counted' });
  const sizes = new AdaptiveTables(geometricTable(16, 0.6), 16, { rate: 7 });
  return values.map((value) => {
    const kind = coder.symbol(kinds, 0, value % 3);
    const rest = Math.floor(value / 3);
    return kind + 3 * (kind === 0 ? coder.bits(rest, 11) : coder.magnitude(sizes, 0, rest));
  });
}

test('one syntax writes and reads, and counts what it costs', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(6000), { maxLength: 300 }), (values) => {
      const encoder = new RansEncoder();
      expect(codeAll(new SymbolWriter(encoder), values)).toEqual(values);
      const bytes = encoder.finish();
      const decoder = new RansDecoder(bytes);
      expect(
        codeAll(
          new SymbolReader(decoder),
          values.map(() => 0),
        ),
      ).toEqual(values);
      decoder.finish();
      const counter = new CostCounter();
      codeAll(counter, values);
      // Between nothing and the state's 32 bits, and 0.0057 bits for each of at most 30 steps of a value.
      expect(8 * bytes.length).toBeGreaterThan(counter.bitCount - 1);
      expect(8 * bytes.length).toBeLessThanOrEqual(counter.bitCount + 32 + 0.17 * values.length + 8);
    }),
  );
});

test('tables that are only adapted are those of a writer', () => {
  const frequencies = geometricTable(16, 0.6);
  const [written, adapted] = [0, 1].map(() => new AdaptiveTables(frequencies, 16, { rate: 7 }));
  const writer = new SymbolWriter(new RansEncoder());
  const adapter = new TableAdapter();
  for (const value of [0, 3, 15, 400, 2]) {
    writer.magnitude(written!, 0, value);
    writer.symbol(written!, 0, value % 16);
    expect(adapter.magnitude(adapted!, 0, value)).toBe(value);
    expect(adapter.symbol(adapted!, 0, value % 16)).toBe(value % 16);
    expect(adapter.bits(value, 9)).toBe(value);
  }
  for (let symbol = 0; symbol < 16; symbol++) expect(adapted!.frequency(0, symbol)).toBe(written!.frequency(0, symbol));
});

test('tables in shared memory show what another thread has adapted', () => {
  const frequencies = geometricTable(5, 0.5);
  const memory = new Uint16Array(new SharedArrayBuffer(frequencies.byteLength));
  memory.set(frequencies);
  const [first, second] = [0, 1].map(() => new AdaptiveTables(frequencies, 5, { rate: 'counted', memory }));
  first!.adapt(0, 4);
  expect(first!.frequency(0, 4)).toBeGreaterThan(frequencies[4]!);
  for (let symbol = 0; symbol < 5; symbol++) expect(second!.frequency(0, symbol)).toBe(first!.frequency(0, symbol));
});
