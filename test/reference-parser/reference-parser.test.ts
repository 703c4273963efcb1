import { describe, expect, test } from '@jest/globals';
import { AdaptiveTables, pairOf } from '../../src/entropy/adaptive-tables.js';
import { encodeMagnitude } from '../../src/entropy/magnitude.js';
import { RansEncoder } from '../../src/entropy/rans-encoder.js';
import { makePackets, writeStream } from '../bitstream/samples.js';
import { geometricTable, seededRandom } from '../entropy/random.js';
import { crc32cOf, readContainer } from './container.js';
import type { ReferencePack, Table } from './pack.js';
import { SymbolStream, TableSet } from './symbols.js';

describe('the second parser agrees with the first one', () => {
  test('about CRC-32C', () => {
    expect(crc32cOf(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  test('about containers', async () => {
    const packets = makePackets(9, 4);
    const side = new Uint8Array(700).map((_, index) => index & 255);
    const bytes = await writeStream(packets, [side]);
    const stream = readContainer(bytes);
    expect(stream.header).toMatchObject({ width: 640, height: 360, slotCount: 2, packName: 'tiny-pack' });
    expect(Buffer.from(stream.side).equals(side)).toBe(true);
    expect(stream.packets).toEqual(
      packets.map(
        ({ kind, referenceSlot0, referenceSlot1, ...packet }) =>
          expect.objectContaining({
            ...packet,
            isKey: kind === 'key',
            references: [referenceSlot0, referenceSlot1].filter((slot) => slot !== null),
          }) as unknown,
      ),
    );
    for (let position = 0; position < bytes.length; position += 5) {
      const flipped = bytes.slice();
      flipped[position] = (flipped[position] ?? 0) ^ 4;
      expect(() => readContainer(flipped)).toThrow(/stream breaks FORMAT.md/);
    }
  });

  test('about symbols, adaptation, escapes and raw bits', () => {
    const random = seededRandom(5);
    const modes = Uint16Array.of(...geometricTable(5, 0.4), ...geometricTable(5, 0.8));
    const coefficients = new Uint16Array(3 * 32 * 8 * 16);
    for (let row = 0; row < 3 * 32 * 8; row++) coefficients.set(geometricTable(16, 0.3 + (row % 32) / 50), 16 * row);
    const steps = Array.from({ length: 3000 }, () => ({
      context: Math.floor(2 * random()),
      second: Math.floor(2 * random()),
      symbol: Math.floor(5 * random() ** 2),
      row: Math.floor(3 * 32 * 8 * random() ** 4),
      magnitude: Math.floor(16384 * random() ** 12),
      bits: Math.floor(8 * random()),
    }));
    const encoder = new RansEncoder();
    const modeTables = new AdaptiveTables(modes, 5, { rate: 'counted' });
    const near = new Uint16Array(3 * 32 * 35 * 16);
    for (let row = 0; row < 3 * 32 * 35; row++) near.set(geometricTable(16, 0.2 + (row % 35) / 60), 16 * row);
    const both = Uint16Array.of(...coefficients, ...near);
    const coefficientTables = new AdaptiveTables(both, 16, { rate: 7 });
    for (const { context, second, symbol, row, magnitude, bits } of steps) {
      modeTables.encode(encoder, pairOf(context, second), symbol);
      encodeMagnitude(encoder, coefficientTables, pairOf(row, 768 + 35 * (row >> 3) + bits), magnitude);
      encoder.bits(bits, 3);
    }
    const tables: Record<string, Table> = {
      'modeTables.type': { shape: [2, 5], values: [...modes] },
      coefficientTables: { shape: [3, 32, 8, 16], values: [...coefficients] },
      nearTables: { shape: [3, 32, 7, 5, 16], values: [...near] },
    };
    const pack: ReferencePack = {
      table: (name) => tables[name] ?? { shape: [], values: [] },
      run: () => Promise.reject(new Error('no graphs are needed')),
    };
    const stream = new SymbolStream(encoder.finish());
    const set = new TableSet(pack);
    expect(Math.max(...steps.map(({ magnitude }) => magnitude))).toBeGreaterThan(1000);
    for (const { context, second, symbol, row, magnitude, bits } of steps) {
      expect(set.mode(stream, 'type', context, second)).toBe(symbol);
      const [size, part] = [Math.floor(bits / 5), bits % 5];
      expect(set.magnitude(stream, row >> 8, (row >> 3) & 31, row & 7, size, part)).toBe(magnitude);
      expect(stream.bits(3)).toBe(bits);
    }
    stream.end();
  });
});
