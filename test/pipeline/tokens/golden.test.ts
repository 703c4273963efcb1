import { describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenFrame, TokenItem } from '../../../src/pipeline/tokens/token-source.js';
import { goldenStreams, invalidStreams } from '../../codec/golden.js';
import { TINY_PACK } from '../../support/packs.js';
import { exportTokens, importTokens, readTokens, writeTokens } from './built.js';
import { MemorySink, piped } from './memory-sink.js';

const streams = goldenStreams().map((golden) => [golden.name, golden] as const);
const pack = TINY_PACK;

describe.each(['npz', 'jsonl'] as const)('through %s, from pipe to pipe, the same stream comes back', (format) => {
  test.each(streams)('%s', async (_name, { bytes, expected }) => {
    const file = new MemorySink();
    const exported = await exportTokens(piped(bytes), file, { pack, format });
    const frames = expected.packets.length;
    expect(exported).toMatchObject({ format, family: 'transform', frames, tokenFrames: frames, bytes: bytes.length });
    const stream = new MemorySink();
    const imported = await importTokens(piped(file.bytes()), stream, { pack });
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
    const frames = items.filter((item): item is TokenFrame => item.type === 'frame');
    expect(items.at(-1)).toMatchObject({ type: 'end', frames: frames.length });
    expect(frames.map(({ number, chunk, tokenFrame }) => [number, chunk, tokenFrame])).toEqual(
      frames.map((_, number) => [number, number, 0]),
    );
    for (const { arrays } of frames) {
      for (const { name, shape } of tokens.layout) {
        expect(arrays![name]!.length).toBe(shape.reduce((product, length) => product * length, 1));
      }
    }
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
    expect(given).toBeLessThan(1300);
    expect(long.length).toBeGreaterThan(1800);
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
