import { expect, test } from '@jest/globals';
import { seededRandom } from '../entropy/random.js';
import { readBitTables } from '../../src/codec/lookup-free/bit-tables.js';
import { Graph } from '../../src/model/graph.js';
import type { GraphRole } from '../../src/model/manifest.js';
import { goldenStreams, invalidLookupFreeStreams, invalidStreams, lookupFreeStreams } from '../codec/golden.js';
import { tinyLookupFree } from '../codec/lookup-free/read-packets.js';
import { exactGraphs, tinyPack, tinyTables } from '../codec/tiny.js';
import { LenientDecoder, lookupFreeDecoder, transformDecoder } from './lenient-decoder.js';
import { mutate, MUTATIONS } from './mutations.js';

// scripts/fuzz.mjs sets these for longer runs.
const count = Number(process.env['TESSERA_FUZZ_COUNT'] ?? 300);
const firstSeed = Number(process.env['TESSERA_FUZZ_SEED'] ?? 1);
const verbose = process.env['TESSERA_FUZZ_COUNT'] !== undefined;

/** More than any golden stream takes by far, on a busy machine too. */
const LIMIT_MS = 20_000;
/** Of the whole process: the decoder's own need is a few MiB for pictures this small. */
const MEMORY_LIMIT = 1.5 * 2 ** 30;

/** Golden streams of a family, valid and invalid, and what decodes them. */
interface Family {
  readonly golden: readonly {
    readonly bytes: Uint8Array;
    readonly expected: { readonly packets: readonly unknown[] };
  }[];
  readonly invalid: readonly { readonly bytes: Uint8Array }[];
  readonly decoder: () => Promise<LenientDecoder>;
}

const families: Record<string, Family> = {
  transform: {
    golden: goldenStreams(),
    invalid: invalidStreams(),
    decoder: async () => new LenientDecoder(transformDecoder(await tinyTables(), await exactGraphs(await tinyPack))),
  },
  'lookup-free': {
    golden: lookupFreeStreams(),
    invalid: invalidLookupFreeStreams(),
    decoder: async () => {
      const pack = await tinyLookupFree;
      const open = (role: GraphRole): Promise<Graph> =>
        Graph.create(pack.graphs.get(role)!, { device: 'cpu', threads: 1 });
      const [prior, tokenizer] = [await open('prior'), await open('tokenizer-decoder')];
      return new LenientDecoder(lookupFreeDecoder(readBitTables(pack), prior, tokenizer));
    },
  },
};

test.each(Object.entries(families))(
  `%s: ${count} mutated golden streams are decoded, concealed or refused`,
  async (_, { golden, invalid, decoder: create }) => {
    // Mutations of what is invalid already go further from the beaten path.
    const seeds = [...golden, ...golden, ...invalid].map(({ bytes }) => bytes);
    const decoder = await create();
    // Other tests may have run in this process.
    const bytesBefore = process.memoryUsage().rss;
    const rejections: unknown[] = [];
    const note = (reason: unknown): number => rejections.push(reason);
    process.on('unhandledRejection', note);
    const totals = { good: 0, concealed: 0, damaged: 0, refused: 0, slowestMs: 0, largestBytes: 0 };
    const kindsSeen = new Set<string>();
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const random = seededRandom(seed * 2654435761);
      for (let warmUp = 0; warmUp < 8; warmUp++) random();
      const { bytes, kinds } = mutate(seeds, random);
      const start = performance.now();
      try {
        const { good, concealed, damaged, isRefused } = await decoder.decode(bytes, seed % 4 === 0);
        totals.good += good;
        totals.concealed += concealed;
        totals.damaged += damaged;
        totals.refused += Number(isRefused);
      } catch (error) {
        throw new Error(`seed ${seed} (${kinds.join(', ')}) broke the decoder`, { cause: error });
      }
      const elapsed = performance.now() - start;
      if (elapsed > LIMIT_MS) throw new Error(`seed ${seed} (${kinds.join(', ')}) took ${Math.round(elapsed)} ms`);
      totals.slowestMs = Math.max(totals.slowestMs, Math.round(elapsed));
      for (const kind of kinds) kindsSeen.add(kind);
      if (seed % 64 === 0) {
        totals.largestBytes = Math.max(totals.largestBytes, process.memoryUsage().rss - bytesBefore);
        // What went before has left no trace.
        const { bytes: intact, expected } = golden[(seed / 64) % golden.length]!;
        const outcome = await decoder.decode(intact, false);
        expect(outcome).toEqual({ good: expected.packets.length, concealed: 0, damaged: 0, isRefused: false });
      }
      if (verbose && (seed - firstSeed + 1) % 1000 === 0) {
        process.stderr.write(`${seed - firstSeed + 1} streams: ${JSON.stringify(totals)}\n`);
      }
    }
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
    expect(totals.largestBytes).toBeLessThan(MEMORY_LIMIT);
    // All ways out were taken: the mutations are neither too gentle nor too rough.
    expect(kindsSeen.size).toBe(Object.keys(MUTATIONS).length);
    for (const kind of ['good', 'concealed', 'damaged', 'refused'] as const) {
      expect(totals[kind]).toBeGreaterThan(count / 20);
    }
    if (verbose) process.stderr.write(`${count} streams: ${JSON.stringify(totals)}\n`);
  },
  60_000 + 500 * count,
);
