import { describe, expect, jest, test } from '@jest/globals';
import { idsChecksum } from '../../../src/codec/lookup-free/cell-tokens.js';
import { BitstreamError } from '../../../src/errors.js';
import { Graph, type GraphOptimisation } from '../../../src/model/graph.js';
import { loadPack } from '../../../src/model/pack.js';
import { selfTestPack } from '../../../src/model/self-test.js';
import { EXACT_SETTINGS, selfTestVectors } from '../exactness.js';
import { invalidLookupFreeStreams, lookupFreeStreams } from '../golden.js';
import { packetsOf } from '../packets-of.js';
import { webGraph } from '../web-graphs.js';
import { readTokens, tinyLookupFree } from './read-packets.js';

// Enough for a machine that has other things to do.
jest.setTimeout(300_000);

async function priorOf(threads = 1, optimisation: GraphOptimisation = 'all'): Promise<Graph> {
  return Graph.create((await tinyLookupFree).graphs.get('prior')!, { device: 'cpu', threads, optimisation });
}

async function expectGolden(prior: Graph): Promise<void> {
  for (const { name, bytes, expected } of lookupFreeStreams()) {
    const found = (await readTokens(bytes, prior)).map((tokens) => ({ tokensCrc32c: idsChecksum(tokens) }));
    expect({ name, packets: found }).toEqual({ name, packets: expected.packets });
  }
}

describe('golden streams of the family lookup-free have their checksums', () => {
  test.each(EXACT_SETTINGS)('with %d threads at optimisation level %s', async (threads, optimisation) => {
    await expectGolden(await priorOf(threads, optimisation));
  });

  test("with onnxruntime-web's WebAssembly", async () => {
    await expectGolden(await webGraph(await tinyLookupFree, 'prior'));
  });
});

test.each(invalidLookupFreeStreams().map((golden) => [golden.name, golden] as const))(
  'invalid stream %s ends in its error',
  async (_name, { bytes, expected }) => {
    const error: unknown = await readTokens(bytes, await priorOf()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BitstreamError);
    const { message, field } = error as BitstreamError;
    expect(message).toContain(expected.message);
    expect(field).toBe(expected.field);
  },
);

test('between them they have all numbers of pictures of a token grid, fewest and most channels', async () => {
  const seen = new Set<string>();
  for (const { bytes } of lookupFreeStreams()) {
    const { packets } = await packetsOf(bytes);
    packets.forEach(({ kind, q, variant: variant }, index) => {
      seen.add(`${q} channels`);
      if (kind === 'key') {
        seen.add(`key of ${variant + 1}`);
        return;
      }
      const next = packets[index + 1];
      if (!next || next.kind === 'key' || next.variant === 0) seen.add(`inter with ${variant + 1}`);
    });
  }
  const counts = ['key of 1', 'key of 2', ...[1, 2, 3, 4].map((count) => `inter with ${count}`)];
  expect([...seen]).toEqual(expect.arrayContaining([...counts, '1 channels', '18 channels']));
  const sizes = lookupFreeStreams().map(({ name, expected }) => [name, expected.packets.length]);
  expect(Object.fromEntries(sizes)).toEqual({
    chunks: 18,
    'one-cell': 8,
    'one-column': 3,
    'one-row': 5,
    rates: 14,
    resilient: 23,
  });
});

describe("the pack's self-test vectors", () => {
  test.each([1, 2, 4])('hold with onnxruntime-node, %d threads, at every level', async (threads) => {
    const pack = await loadPack('lookup-free');
    for (const optimisation of ['disabled', 'basic', 'all'] as const) {
      expect(await selfTestPack(pack, { device: 'cpu', threads, optimisation })).toEqual([{ role: 'prior', ok: true }]);
    }
  });

  test("hold with onnxruntime-web's WebAssembly", async () => {
    const pack = await loadPack('lookup-free');
    const { logit } = await (await webGraph(pack, 'prior')).run(selfTestVectors(pack, 'prior', 'input'));
    expect(Buffer.compare(logit!.data, selfTestVectors(pack, 'prior', 'output')['logit']!.data)).toBe(0);
  });
});
