import { describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { memorySource } from '../../../src/bitstream/byte-source.js';
import { InputError } from '../../../src/errors.js';
import { ZipReader } from '../../../src/pipeline/tokens/zip-reader.js';
import { ZipWriter } from '../../../src/pipeline/tokens/zip-writer.js';
import { MemorySink, piped } from './memory-sink.js';

async function write(entries: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  const sink = new MemorySink();
  await using zip = new ZipWriter(sink);
  for (const [name, contents] of Object.entries(entries)) await zip.add(name, contents);
  await zip.finish();
  return sink.bytes();
}

async function contentsOf(zip: ZipReader, name: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of zip.read(name)) parts.push(chunk);
  return Buffer.concat(parts);
}

const open = (bytes: Uint8Array): Promise<ZipReader> => ZipReader.open(memorySource(bytes), 'a.npz');

const entries = {
  'zeros.npy': new Uint8Array(600_000),
  'umlaut/ö': Uint8Array.from({ length: 999 }, (_, i) => (i * i * 31) >> 3),
  empty: new Uint8Array(0),
};

describe('what is written can be read', () => {
  test('deflated, as it is, empty', async () => {
    const bytes = await write(entries);
    expect(bytes.length).toBeLessThan(5000);
    const zip = await open(bytes);
    for (const [name, contents] of Object.entries(entries)) {
      expect(zip.has(name)).toBe(true);
      expect(Buffer.compare(await contentsOf(zip, name), contents)).toBe(0);
    }
    expect(zip.has('zeros')).toBe(false);
  });

  test('contents in pieces', async () => {
    const contents = Buffer.from('pieces of a text '.repeat(100));
    const sink = new MemorySink();
    await using zip = new ZipWriter(sink);
    await zip.addStored('text', {
      byteLength: contents.length,
      crc: crc32(contents),
      chunks: piped(contents, 7),
    });
    await zip.finish();
    expect(await contentsOf(await open(sink.bytes()), 'text')).toEqual(contents);
  });

  test('more entries than the old form can count, with a directory larger than what is kept in memory', async () => {
    const sink = new MemorySink();
    await using zip = new ZipWriter(sink);
    const count = 70_000;
    const contents = { byteLength: 0, crc: 0 };
    for (let i = 0; i < count; i++) await zip.addStored(`entry-${i}`, { ...contents, chunks: piped(Buffer.alloc(0)) });
    await zip.add('last', Buffer.from('the last one'));
    await zip.finish();
    const reader = await open(sink.bytes());
    expect(reader.has(`entry-${count - 1}`)).toBe(true);
    expect((await contentsOf(reader, 'last')).toString()).toBe('the last one');
  });
});

test("archives in the old form, as Python's zipfile writes them, with a comment", async () => {
  const text =
    'UEsDBBQAAAAAAAAAIQAL+UNWBgAAAAYAAAAFAAAAYS50eHRzdG9yZWRQSwMEFAAAAAgAAAAhAFmSyWQQAAAAaAEAAAUAAABiLnR4dEtJTctJLElN' +
    'UUgZZdCSAQBQSwECFAMUAAAAAAAAACEAC/lDVgYAAAAGAAAABQAAAAAAAAAAAAAAgAEAAAAAYS50eHRQSwECFAMUAAAACAAAACEAWZLJZBAAAABo' +
    'AQAABQAAAAAAAAAAAAAAgAEpAAAAYi50eHRQSwUGAAAAAAIAAgBmAAAAXAAAAAkAYSBjb21tZW50';
  const zip = await open(Buffer.from(text, 'base64'));
  expect((await contentsOf(zip, 'a.txt')).toString()).toBe('stored');
  expect((await contentsOf(zip, 'b.txt')).toString()).toBe('deflated '.repeat(40));
});

describe('damage', () => {
  test('an archive that is cut anywhere', async () => {
    const bytes = await write(entries);
    for (const length of [0, 3, 30, bytes.length >> 1, bytes.length - 30, bytes.length - 1]) {
      await expect(open(bytes.subarray(0, length))).rejects.toThrow(/^a\.npz is cut or damaged: .*export the tokens/);
    }
  });

  test('any byte that is another: an error of ours, or nothing that matters', async () => {
    const text = Buffer.from('some words that are some words that are deflated');
    const bytes = await write({ text });
    let errors = 0;
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 0x41;
      try {
        expect(await contentsOf(await open(changed), 'text')).toEqual(text);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
        errors++;
      }
    }
    // All that counts twice or not at all (versions, dates, disks, sizes before the entry) is about half.
    expect(errors).toBeGreaterThan(100);
  });

  test('an entry that unpacks to more than its directory says: never more bytes than that', async () => {
    const bytes = await write({ zeros: new Uint8Array(50_000_000) });
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(50_000_000n);
    bytes.writeBigUInt64LE(100_000n, bytes.lastIndexOf(size));
    const zip = await open(bytes);
    let length = 0;
    await expect(
      (async () => {
        for await (const chunk of zip.read('zeros')) length += chunk.length;
      })(),
    ).rejects.toThrow('a.npz is damaged: its entry zeros cannot be read; export the tokens again');
    expect(length).toBeLessThanOrEqual(100_000);
  });

  test("an entry of a name that leads out of a folder, and one of a method that is not numpy's", async () => {
    await expect(open(await write({ '../text': Buffer.from('text') }))).rejects.toThrow(
      'a.npz is cut or damaged: invalid relative path: ../text; export the tokens again',
    );
    const bytes = await write({ text: Buffer.from('text') });
    // The method in the directory: 14 = LZMA.
    bytes[bytes.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + 10] = 14;
    await expect(contentsOf(await open(bytes), 'text')).rejects.toThrow(
      'a.npz: entry text is packed with a method that numpy does not use',
    );
  });
});

test('an error of the source is no damage of the archive', async () => {
  const bytes = await write({ text: Buffer.alloc(600_000, 'text'), noise: randomBytes(600_000) });
  const failure = new Error('the disk is gone');
  let fails = false;
  const source = memorySource(bytes);
  const zip = await ZipReader.open(
    { size: source.size, read: (...range) => (fails ? Promise.reject(failure) : source.read(...range)) },
    'a.npz',
  );
  fails = true;
  await expect(contentsOf(zip, 'noise')).rejects.toBe(failure);
  await expect(ZipReader.open({ size: 100, read: () => Promise.reject(failure) }, 'a.npz')).rejects.toBe(failure);
});
