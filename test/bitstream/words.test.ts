import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memorySource, type ByteSource } from '../../src/bitstream/byte-source.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { StreamWriter } from '../../src/bitstream/stream-writer.js';
import { decodeWords, encodeWords, sceneBytes, type StreamWords } from '../../src/bitstream/words.js';
import { BitstreamError, InputError } from '../../src/errors.js';
import { readContainer } from '../reference-parser/container.js';
import { makePackets, MemorySink, packetsOf, readAll, sampleHeader } from './samples.js';

const WORDS: StreamWords = {
  vocabularyEdition: 3,
  vocabularyId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  isFromDecoded: true,
  scenes: [
    { durationMs: 5000, words: [{ node: 0, confidence: 1 }, { node: 300, confidence: 255 }] }, // prettier-ignore
    { durationMs: 0, words: [] },
    { durationMs: 2 ** 40, words: [{ node: 65535, confidence: 128 }] },
  ],
};

async function writeWords(words: StreamWords | null, count = 9): Promise<Uint8Array> {
  const sink = new MemorySink();
  const writer = new StreamWriter(sink);
  await writer.writeHeader(sampleHeader);
  for (const packet of makePackets(count, 3)) await writer.writePacket(packet);
  await writer.finish(words);
  const counted = Object.values({ ...writer.bytesBySection } as Record<string, number>);
  expect(counted.reduce((sum, bytes) => sum + bytes, 0)).toBe(writer.byteCount);
  return sink.bytes();
}

async function wordsOf(bytes: Uint8Array): Promise<StreamWords | null> {
  return await (await StreamReader.open(memorySource(bytes))).readWords();
}

describe('a words section', () => {
  test('any words come back', () => {
    const word = fc.record({ node: fc.nat(65535), confidence: fc.integer({ min: 1, max: 255 }) });
    const words = fc.uniqueArray(word, { selector: ({ node }) => node, maxLength: 30 });
    const scene = fc.record({
      durationMs: fc.nat(2 ** 31 - 1),
      words: words.map((list) => [...list].sort((a, b) => a.node - b.node)),
    });
    fc.assert(
      fc.property(fc.array(scene, { maxLength: 5 }), fc.boolean(), (scenes, isFromDecoded) => {
        const all = { ...WORDS, isFromDecoded, scenes };
        const bytes = encodeWords(all);
        expect(decodeWords(bytes, 0)).toEqual(all);
        expect(bytes.length).toBe(12 + scenes.reduce((sum, one) => sum + sceneBytes(one), 0));
      }),
    );
  });

  test('stands between index and end, and both parsers read it', async () => {
    const bytes = await writeWords(WORDS);
    const sections = await readAll(bytes, true);
    expect(sections.slice(-3).map(({ kind }) => kind)).toEqual(['index', 'words', 'end']);
    expect(sections.find(({ kind }) => kind === 'words')).toMatchObject({ words: WORDS });
    expect(packetsOf(sections)).toEqual(makePackets(9, 3));
    expect(await wordsOf(bytes)).toEqual(WORDS);
    expect(readContainer(bytes).words).toEqual({
      ...{ vocabularyEdition: 3, vocabularyId: '0102030405060708', source: 1 },
      scenes: WORDS.scenes.map(({ durationMs, words }) => ({ duration: BigInt(durationMs), words })),
    });
  });

  test('a stream without words has the same bytes as before, and none are found', async () => {
    const bytes = await writeWords(null);
    expect(await wordsOf(bytes)).toBeNull();
    expect(readContainer(bytes).words).toBeNull();
  });

  test('is found from the end of the stream, without reading its packets', async () => {
    const bytes = await writeWords(WORDS, 5000);
    let read = 0;
    const source: ByteSource = {
      size: bytes.length,
      read: (offset, length) => {
        read += Math.min(length, bytes.length - offset);
        return Promise.resolve(bytes.subarray(offset, offset + length));
      },
    };
    expect(await (await StreamReader.open(source)).readWords()).toEqual(WORDS);
    const tail = (await readAll(bytes, true)).slice(-3).reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(read).toBeLessThan(1024 + tail + 100);
  });

  test('is found without an index too, and behind damage', async () => {
    const bytes = await writeWords(WORDS);
    const index = (await readAll(bytes, true)).find(({ kind }) => kind === 'index')!;
    const without = Buffer.concat([bytes.subarray(0, index.offset), bytes.subarray(index.offset + index.byteLength)]);
    expect(await wordsOf(without)).toEqual(WORDS);
    const damaged = Buffer.from(bytes);
    damaged[index.offset + 3]! ^= 1;
    expect(await wordsOf(damaged)).toEqual(WORDS);
  });

  test('every damaged byte is noticed', async () => {
    const bytes = await writeWords(WORDS);
    const section = (await readAll(bytes, true)).find(({ kind }) => kind === 'words')!;
    for (let at = 0; at < section.byteLength; at++) {
      const damaged = Buffer.from(bytes);
      damaged[section.offset + at]! ^= 0x11;
      await expect(wordsOf(damaged)).rejects.toThrow(/the words section is damaged/);
    }
    // The pictures are still there.
    const damaged = Buffer.from(bytes);
    damaged[section.offset + 8]! ^= 1;
    expect(packetsOf(await readAll(damaged, false))).toHaveLength(9);
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array, RegExp]>([
    ['an edition of 0', (bytes) => Uint8Array.from(bytes.with(0, 0)), /outside 1\.\.65535 .*vocabularyEdition/],
    ['an unknown source', (bytes) => bytes.with(10, 2), /outside 0\.\.1 .*source/],
    ['more scenes than bytes', (bytes) => bytes.with(11, 127), /127 scenes .*sceneCount/],
    ['a confidence of 0', (bytes) => bytes.with(16, 0), /outside 1\.\.255 .*confidence/],
    ['the same node twice', (bytes) => bytes.with(17, 0x80).with(18, 0), /needless bytes/],
    ['bytes behind the scenes', (bytes) => Uint8Array.from([...bytes, 0]), /bytes follow the scenes/],
    ['a cut scene', (bytes) => bytes.subarray(0, -1), /1 bytes are needed/],
  ])('refuses %s', (_, change, message) => {
    const bytes = encodeWords(WORDS);
    expect(() => decodeWords(change(bytes), 100)).toThrow(BitstreamError);
    expect(() => decodeWords(change(bytes), 100)).toThrow(message);
  });

  test('refuses to write what does not fit', () => {
    const scene = (words: { node: number; confidence: number }[]): StreamWords => ({
      ...WORDS,
      scenes: [{ durationMs: 1, words }],
    });
    expect(() => encodeWords(scene([{ node: 1, confidence: 256 }]))).toThrow(InputError);
    expect(() => encodeWords(scene([{ node: 65536, confidence: 1 }]))).toThrow(InputError);
    expect(() =>
      encodeWords(
        scene([
          { node: 5, confidence: 1 },
          { node: 5, confidence: 1 },
        ]),
      ),
    ).toThrow(InputError);
  });
});
