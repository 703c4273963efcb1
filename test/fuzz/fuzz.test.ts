import { expect, test } from '@jest/globals';
import { seededRandom } from '../entropy/random.js';
import { goldenStreams, invalidStreams } from '../codec/golden.js';
import { exactGraphs, tinyPack, tinyTables } from '../codec/tiny.js';
import { LenientDecoder } from './lenient-decoder.js';
import { mutate, MUTATIONS } from './mutations.js';

// scripts/fuzz.mjs sets these for longer runs.
const count = Number(process.env['TESSERA_FUZZ_COUNT'] ?? 300);
const firstSeed = Number(process.env['TESSERA_FUZZ_SEED'] ?? 1);
const verbose = process.env['TESSERA_FUZZ_COUNT'] !== undefined;

/** More than any golden stream takes by far, on a busy machine too. */
const LIMIT_MS = 20_000;
/** Of the whole process: the decoder's own need is a few MiB for pictures this small. */
const MEMORY_LIMIT = 1.5 * 2 ** 30;

test(
  `${count} mutated golden streams are decoded, concealed or refused`,
  async () => {
    const golden = goldenStreams();
    // Mutations of what is invalid already go further from the beaten path.
    const seeds = [...golden, ...golden, ...invalidStreams()].map(({ bytes }) => bytes);
    const decoder = new LenientDecoder(await tinyTables(), await exactGraphs(await tinyPack));
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
        totals.largestBytes = Math.max(totals.largestBytes, process.memoryUsage().rss);
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
