import { beforeAll, expect, test } from '@jest/globals';
import { TemporalMotion } from '../../../src/codec/transform/temporal-motion.js';
import { TokenCodec } from '../../../src/codec/transform/token-codec.js';
import { sidePlanes } from '../../../src/codec/transform/loop-filter.js';
import type { GraphTensor } from '../../../src/model/network.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { seededRandom } from '../../entropy/random.js';
import { randomTokens } from './random-tokens.js';
import {
  codedBlocks,
  secondPassBlocks,
  slowAround,
  slowBlocks,
  slowNeighbours,
  slowNextMemory,
  slowReferenceMemory,
  slowSide,
  type SlowMemory,
} from './slow-prior.js';
import { geometries, randomHeads, richTables, tinyTables } from '../tiny.js';

let tables: PackTables;
beforeAll(async () => {
  tables = richTables(await tinyTables());
});

const FEATURES = 3;

/** Keeps what a graph is given and answers with zeros and, as features, with numbers that tell rows apart. */
class Listener {
  calls: Readonly<Record<string, GraphTensor>>[] = [];

  run(inputs: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>> {
    this.calls.push(inputs);
    const count = Object.values(inputs)[0]!.dims[0]!;
    return Promise.resolve({
      scale: { data: new Uint8Array(384 * count), dims: [count, 384] },
      features: { data: featuresOf([...new Uint8Array(count).keys()]), dims: [count, FEATURES] },
    });
  }
}

function featuresOf(rows: readonly number[]): Uint8Array {
  return Uint8Array.from(rows.flatMap((row) => [row & 255, row >> 8, 99]));
}

test.each(geometries.map((geometry) => [geometry.width, geometry.height, geometry] as const))(
  'inputs of the graphs and memories are those of FORMAT.md, %dx%d',
  async (_width, _height, geometry) => {
    const random = seededRandom(geometry.width);
    const [first, second] = [new Listener(), new Listener()];
    const codec = new TokenCodec(geometry, tables, { first, second });
    let slots = new Map<number, SlowMemory>();
    const temporal = new TemporalMotion();
    for (const header of randomHeads(14, random, [0, 9])) {
      if (header.kind === 'key') slots = new Map();
      const tokens = randomTokens(geometry, tables, header, random, temporal);
      first.calls = [];
      second.calls = [];
      await codec.write(header, tokens);
      const memories = [header.referenceSlot0, header.referenceSlot1].map((slot) =>
        slot === null ? null : slots.get(slot)!,
      );
      const memory = slowReferenceMemory(tokens, memories);
      const coded = codedBlocks(tokens);
      const later = secondPassBlocks(tokens);
      // A frame without tokens, or without any in pass 1, asks no graph.
      expect(first.calls).toEqual(
        coded.length === 0
          ? []
          : [
              {
                block: { data: slowBlocks(tables, header, tokens), dims: [coded.length, 32] },
                around: { data: slowAround(tokens), dims: [coded.length, 48] },
                memory: {
                  data: Uint8Array.from(coded.flatMap((at) => memory[at]!)),
                  dims: [coded.length, 384],
                },
              },
            ],
      );
      expect(second.calls).toEqual(
        later.length === 0
          ? []
          : [
              {
                features: { data: featuresOf(later.map((at) => coded.indexOf(at))), dims: [later.length, FEATURES] },
                neighbours: { data: slowNeighbours(tokens), dims: [later.length, 4 * 384] },
              },
            ],
      );
      if (header.refreshSlot !== null) slots.set(header.refreshSlot, slowNextMemory(tokens, memory));
      expect(sidePlanes(header, tokens)).toEqual(slowSide(header, tokens));
    }
  },
);
