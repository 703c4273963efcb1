import { describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameRecord, TokenItem } from '../../../src/pipeline/tokens/token-source.js';
import { tokenGridsOf } from '../../../src/codec/lookup-free/cell-tokens.js';
import { goldenStreams, invalidLookupFreeStreams, invalidStreams, lookupFreeStreams } from '../../codec/golden.js';
import { packetsOf } from '../../codec/packets-of.js';
import { TINY_LOOKUP_FREE_PACK, TINY_PACK } from '../../support/packs.js';
import { exportTokens, importTokens, readTokens, writeTokens } from './built.js';
import { MemorySink, piped } from './memory-sink.js';

const streams = goldenStreams().map((golden) => [golden.name, golden] as const);
const pack = TINY_PACK;
const lookupFree = lookupFreeStreams().map((golden) => [golden.name, golden] as const);

describe.each(['npz', 'jsonl'] as const)('through %s, from pipe to pipe, the same stream comes back', (format) => {
  test.each(streams)('%s', async (_name, { bytes, expected }) => {
    const file = new MemorySink();
    const exported = await exportTokens(piped(bytes), file, { pack, format });
    const frames = expected.packets.length;
    expect(exported).toMatchObject({ format, family: 'transform', frames, tokenGrids: frames, bytes: bytes.length });
    const stream = new MemorySink();
    const imported = await importTokens(piped(file.bytes()), stream, { pack });
    expect(imported).toMatchObject({ frames, bytes: bytes.length, isSame: true });
    expect(Buffer.compare(stream.bytes(), bytes)).toBe(0);
  });

  test.each(lookupFree)('%s of the family lookup-free', async (_name, { bytes, expected }) => {
    const own = { pack: TINY_LOOKUP_FREE_PACK };
    const file = new MemorySink();
    const exported = await exportTokens(piped(bytes), file, { ...own, format });
    const { packets } = await packetsOf(bytes);
    const tokenGrids = packets.reduce((sum, packet) => sum + tokenGridsOf(packet), 0);
    const frames = expected.packets.length;
    expect(exported).toMatchObject({ format, family: 'lookup-free', frames, tokenGrids, bytes: bytes.length });
    const stream = new MemorySink();
    const imported = await importTokens(piped(file.bytes()), stream, own);
    expect(imported).toMatchObject({ frames, bytes: bytes.length, isSame: true });
    expect(Buffer.compare(stream.bytes(), bytes)).toBe(0);
  });
});

describe('without a file', () => {
  const { bytes } = streams.find(([name]) => name === 'key-only')![1];

  test('items come in the order of the stream, chunk by chunk', async () => {
    await using tokens = await readTokens(piped(bytes), { pack });
    const items: TokenItem[] = [];
    for await (const item of tokens.items) items.push(item);
    const frames = items.filter((item): item is FrameRecord => item.type === 'frame');
    expect(items.at(-1)).toMatchObject({ type: 'end', frames: frames.length });
    expect(frames.map(({ number, chunk, tokenGrid }) => [number, chunk, tokenGrid])).toEqual(
      frames.map((_, number) => [number, number, 0]),
    );
    for (const { arrays } of frames) {
      for (const { name, shape } of tokens.layout) {
        expect(arrays![name]!.length).toBe(shape.reduce((product, length) => product * length, 1));
      }
    }
  });

  test('token grids that show several pictures stand in the first of their packets', async () => {
    const { bytes } = lookupFree.find(([name]) => name === 'chunks')![1];
    await using tokens = await readTokens(piped(bytes), { pack: TINY_LOOKUP_FREE_PACK });
    expect(tokens.layout).toEqual([
      { name: 'ids', dtype: 'uint32', shape: [5, 7] },
      { name: 'refinement', dtype: 'uint32', shape: [5, 7] },
    ]);
    const places: string[] = [];
    for await (const item of tokens.items) {
      if (item.type !== 'frame') continue;
      places.push(`${item.chunk}.${item.tokenGrid}${'!'.repeat(Object.keys(item.arrays ?? {}).length)}`);
    }
    expect(places.join(' ')).toBe('0.0! 0.1! 0.1 0.1 0.1 0.2! 0.2 0.2 0.2 0.3! 0.3 1.0! 2.1!! 2.2! 2.3! 2.3 2.3 2.3');
  });

  test.each<[string, (frame: FrameRecord) => Partial<FrameRecord>, RegExp]>([
    [
      'an id out of range',
      ({ arrays }) => ({ arrays: { ids: arrays!['ids']!.with(8, 2 ** 18) } }),
      /ids\[1, 1\] is 262144/,
    ],
    ['another number of channels', () => ({ q: 3 }), /with q 3 it must be 0\.\.7/],
    ['no channels', () => ({ q: 0 }), /q is 0/],
    ['another shape', ({ arrays }) => ({ arrays: { ids: arrays!['ids']!.slice(1) } }), /ids must be uint32 \[5, 7\]/],
    ['no tokens', () => ({ arrays: null }), /its arrays must not be null/],
    ['no array', () => ({ arrays: {} }), /the array ids is missing/],
    [
      'a second token grid where there is one',
      ({ arrays }) => ({ arrays: { ...arrays, refinement: arrays!['ids']! } }),
      /it must not have the array refinement/,
    ],
    ['a key frame without its second one', () => ({ kind: 'key', variant: 1 }), /the array refinement is missing/],
    [
      'a key frame of three',
      ({ arrays }) => ({ kind: 'key', variant: 2, arrays: { ...arrays, refinement: arrays!['ids']! } }),
      /2 more token grids in a key packet/,
    ],
    ['a picture of no token grid', () => ({ variant: 2 }), /its arrays must be null/],
  ])('ids: %s is refused', async (_, change, message) => {
    const { bytes } = lookupFree.find(([name]) => name === 'chunks')![1];
    const own = { pack: TINY_LOOKUP_FREE_PACK };
    await using tokens = await readTokens(piped(bytes), own);
    const { name, family, header, layout } = tokens;
    async function* items(): AsyncGenerator<TokenItem, void, undefined> {
      for await (const item of tokens.items) {
        yield item.type === 'frame' && item.number === 1 ? { ...item, ...change(item) } : item;
      }
    }
    const written = writeTokens({ name, family, header, layout, items: items() }, new MemorySink(), own);
    const error: unknown = await written.catch((reason: unknown) => reason);
    expect((error as Error).name).toBe('InputError');
    expect((error as Error).message).toMatch(/frame 1: /);
    expect((error as Error).message).toMatch(message);
  });

  test('tokens of another pack are refused', async () => {
    const { bytes } = lookupFree[0]![1];
    const error: unknown = await readTokens(piped(bytes), { pack }).catch((reason: unknown) => reason);
    expect((error as Error).message).toMatch(/pack tiny 0.1.0 is not the one the tokens were made with/);
  });

  test('something changed makes another stream, and that is told', async () => {
    await using tokens = await readTokens(piped(bytes), { pack });
    const { name, family, header, layout } = tokens;
    let checksums = 0;
    async function* items(): AsyncGenerator<TokenItem, void, undefined> {
      for await (const item of tokens.items) {
        if (item.type === 'frame' && item.loopChecksum !== null) checksums++;
        yield item.type === 'frame' ? { ...item, loopChecksum: null } : item;
      }
    }
    const stream = new MemorySink();
    const notes: string[] = [];
    const options = { pack, onNote: (note: string) => notes.push(note) };
    const result = await writeTokens({ name, family, header, layout, items: items() }, stream, options);
    expect(result.isSame).toBe(false);
    expect(notes).toEqual(['the stream is not the one that the tokens were read from: something was changed']);
    expect(checksums).toBeGreaterThan(0);
    expect(stream.bytes().length).toBe(bytes.length - 4 * checksums);
  });

  test('a stream is read no further than it is asked for', async () => {
    const long = streams.find(([name]) => name === 'variable-rate')![1].bytes;
    let given = 0;
    async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const chunk of piped(long, 100)) {
        given += chunk.length;
        yield chunk;
      }
    }
    await using tokens = await readTokens(counted(), { pack });
    expect(given).toBe(100);
    for await (const item of tokens.items) {
      expect(item.type).toBe('frame');
      break;
    }
    // A few packets are in the worker at a time.
    expect(given).toBeLessThan(1500);
    expect(long.length).toBeGreaterThan(2000);
  });
});

test('a call that is cancelled leaves nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-tokens-'));
  try {
    const { bytes } = streams.find(([name]) => name === 'variable-rate')![1];
    for (const name of ['a.npz', 'a.jsonl']) {
      const controller = new AbortController();
      const options = { pack, signal: controller.signal, onProgress: () => controller.abort() };
      await expect(exportTokens(piped(bytes), join(folder, name), options)).rejects.toThrow('cancelled');
    }
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('streams that end in an error when decoded end in it here, or are given as they are', () => {
  test.each(invalidStreams().map((golden) => [golden.name, golden] as const))(
    '%s',
    async (_name, { bytes, expected }) => {
      const file = new MemorySink();
      const error: unknown = await exportTokens(piped(bytes), file, { pack }).then(
        () => null,
        (reason: unknown) => reason,
      );
      // What shows only when pictures are made.
      if (error === null) expect(['loop-checksum', 'no-such-filter']).toContain(_name);
      else
        expect(error).toMatchObject({
          name: 'BitstreamError',
          message: expect.stringContaining(expected.message) as unknown,
        });
    },
  );
});

test.each(invalidLookupFreeStreams().map((golden) => [golden.name, golden] as const))(
  'invalid stream %s of the family lookup-free',
  async (_name, { bytes, expected }) => {
    const error: unknown = await exportTokens(piped(bytes), new MemorySink(), { pack: TINY_LOOKUP_FREE_PACK }).then(
      () => null,
      (reason: unknown) => reason,
    );
    // Checksums are held to what decoders make of tokens.
    if (_name === 'wrong-checksum') expect(error).toBeNull();
    else
      expect(error).toMatchObject({
        name: 'BitstreamError',
        message: expect.stringContaining(expected.message) as unknown,
      });
  },
);
