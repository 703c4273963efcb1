import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { loadPack } from '../../src/model/pack.js';
import type { PackTables } from '../../src/codec/transform/pack-tables.js';
import { BitstreamError } from '../../src/errors.js';
import { checksumsOf, decodeStream, type DecodedPacket } from './decode-stream.js';
import { EXACT_SETTINGS, selfTestVectors } from './exactness.js';
import { goldenStreams, invalidStreams } from './golden.js';
import { exactGraphs, tinyPack, tinyTables, type ExactGraphs } from './tiny.js';
import { webGraphs } from './web-graphs.js';

// Enough for a machine that has other things to do.
jest.setTimeout(300_000);

const streams = goldenStreams();

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

async function decodeAll(bytes: Uint8Array, graphs: ExactGraphs): Promise<DecodedPacket[]> {
  const packets: DecodedPacket[] = [];
  for await (const packet of decodeStream(bytes, tables, graphs)) packets.push(packet);
  return packets;
}

async function expectGolden(graphs: ExactGraphs): Promise<void> {
  for (const { name, bytes, expected } of streams) {
    const found = (await decodeAll(bytes, graphs)).map(checksumsOf);
    expect({ name, packets: found }).toEqual({ name, packets: expected.packets });
  }
}

describe('golden streams have their checksums', () => {
  test.each(EXACT_SETTINGS)('with %d threads at optimisation level %s', async (threads, optimisation) => {
    await expectGolden(await exactGraphs(await tinyPack, { device: 'cpu', threads, optimisation }));
  });

  test("with onnxruntime-web's WebAssembly", async () => {
    await expectGolden(await webGraphs(await tinyPack));
  });
});

test('between them they use everything that the syntax has', async () => {
  const graphs = await exactGraphs(await tinyPack);
  const seen = new Set<string>();
  for (const { bytes } of streams) {
    for (const { packet, tokens } of await decodeAll(bytes, graphs)) {
      seen.add(`${packet.kind} frame`);
      for (const flag of ['hasQOffsets', 'hasLoopFilter'] as const) if (packet[flag]) seen.add(flag);
      if (packet.refreshSlot === null) seen.add('shown only');
      seen.add(`filter ${packet.variant}`);
      tokens.type.forEach((type, at) => seen.add(`type ${type} of size ${tokens.blockSize[at]!}`));
      tokens.referenceIndex.forEach((reference) => seen.add(`reference ${reference}`));
      tokens.transform.forEach((transform) => seen.add(`transform ${transform}`));
      tokens.qOffset.forEach((offset) => seen.add(`q offset ${Math.sign(offset)}`));
      tokens.filtered.forEach((flag) => seen.add(`filtered ${flag}`));
      if (tokens.coefficients.some((token) => Math.abs(token) > 1000)) seen.add('long escape');
    }
  }
  const types = [0, 1, 2, 3, 4].map((type) => `type ${type} of size 0`);
  for (const size of [1, 2]) types.push(...[0, 1, 3].map((type) => `type ${type} of size ${size}`));
  const references = [-1, 0, 1, 2].map((reference) => `reference ${reference}`);
  const heads = ['key frame', 'inter frame', 'hasQOffsets', 'hasLoopFilter', 'shown only', 'filter 0', 'filter 1'];
  const rest = ['transform 0', 'transform 1', 'filtered 0', 'filtered 1', 'long escape'];
  const offsets = [-1, 0, 1].map((sign) => `q offset ${sign}`);
  expect([...seen].sort()).toEqual([...types, ...references, ...heads, ...rest, ...offsets].sort());
});

describe('invalid streams end in their error', () => {
  const invalid = invalidStreams();
  let graphs: ExactGraphs;
  beforeAll(async () => {
    graphs = await exactGraphs(await tinyPack);
  });

  test.each(invalid.map((golden) => [golden.name, golden] as const))('%s', async (_name, { bytes, expected }) => {
    const error: unknown = await decodeAll(bytes, graphs).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BitstreamError);
    const { name, message, field } = error as BitstreamError;
    expect(name).toBe(expected.error);
    expect(message).toContain(expected.message);
    expect(field).toBe(expected.field);
  });
});

describe("the product pack's self-test vectors", () => {
  test.each([1, 2, 4])('hold with onnxruntime-node, %d threads, at every level', async (threads) => {
    for (const optimisation of ['disabled', 'basic', 'all'] as const) {
      await expectVectors(await exactGraphs(await loadPack('tessera-nano'), { device: 'cpu', threads, optimisation }));
    }
  });

  test("hold with onnxruntime-web's WebAssembly", async () => {
    await expectVectors(await webGraphs(await loadPack('tessera-nano')));
  });

  async function expectVectors(graphs: ExactGraphs): Promise<void> {
    const pack = await loadPack('tessera-nano');
    const roles = { 'prior-first': graphs.first, 'prior-second': graphs.second, 'loop-filter': graphs.loopFilter };
    for (const [role, graph] of Object.entries(roles)) {
      const expectations = Object.entries(selfTestVectors(pack, role, 'output'));
      expect(expectations.length).toBeGreaterThan(0);
      const outputs = await graph.run(selfTestVectors(pack, role, 'input'));
      for (const [name, expected] of expectations) {
        expect({ role, name, dims: [...outputs[name]!.dims] }).toEqual({ role, name, dims: [...expected.dims] });
        expect(Buffer.compare(outputs[name]!.data, expected.data)).toBe(0);
      }
    }
  }
});
