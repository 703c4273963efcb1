import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memorySource } from '../../src/bitstream/byte-source.js';
import { crc32c } from '../../src/platform/checksums.js';
import { openFileSource } from '../../src/io/file-source.js';
import type { Packet } from '../../src/bitstream/packet.js';
import { encodeSection } from '../../src/bitstream/section.js';
import { findKey } from '../../src/bitstream/stream-index.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { StreamWriter } from '../../src/bitstream/stream-writer.js';
import { BitstreamError, InputError } from '../../src/errors.js';
import {
  makePackets,
  MemorySink,
  packetsOf,
  pipe,
  readAll,
  sampleHeader,
  sampleInter,
  sampleKey,
  writeStream,
} from './samples.js';

describe('writing and reading', () => {
  test('packets, side data and end come back, and bytes add up', async () => {
    const sink = new MemorySink();
    const writer = new StreamWriter(sink);
    await writer.writeHeader(sampleHeader);
    const packets = makePackets(20, 6);
    const side = new Uint8Array(600_000).map((_, index) => index % 251);
    // Without waiting: sections must still stand in the order of the calls.
    await Promise.all([...packets.slice(0, 10).map((packet) => writer.writePacket(packet)), writer.writeSide([side])]);
    for (const packet of packets.slice(10)) await writer.writePacket(packet);
    await writer.finish();
    const bytes = sink.bytes();
    const sections = await readAll(bytes, true);
    expect(packetsOf(sections)).toEqual(packets);
    const parts = sections.flatMap((section) => (section.kind === 'side' ? [section.bytes] : []));
    expect(parts.map((part) => part.length)).toEqual([262144, 262144, 75712]);
    expect(Buffer.concat(parts).equals(side)).toBe(true);
    const end = sections.at(-1);
    expect(end).toMatchObject({ kind: 'end', end: { packetCount: 20, duration: 60060n } });
    const counted = writer.bytesBySection;
    expect(counted.header + counted.packet + counted.side + counted.index + counted.end).toBe(bytes.length);
    expect(writer.byteCount).toBe(bytes.length);
    for (const kind of ['packet', 'side', 'index', 'end'] as const) {
      const read = sections.filter((section) => section.kind === kind);
      expect(counted[kind]).toBe(read.reduce((sum, { byteLength }) => sum + byteLength, 0));
    }
  });

  test('any packets come back, through pipes that cut anywhere', async () => {
    const time = fc.bigInt({ min: -(2n ** 61n), max: 2n ** 61n });
    const slot = fc.nat(7);
    const anyPacket = fc
      .record({
        q: fc.nat(63),
        references: fc.array(slot, { minLength: 0, maxLength: 2 }),
        refreshSlot: fc.option(slot),
        variant: fc.nat(3),
        hasQOffsets: fc.boolean(),
        hasLoopFilter: fc.boolean(),
        pts: fc.oneof(fc.bigInt({ min: 0n, max: 100000n }), time),
        duration: fc.oneof(fc.constant(1n), fc.bigInt({ min: 0n, max: 2n ** 62n - 1n })),
        loopChecksum: fc.option(fc.nat(0xffffffff)),
        tokens: fc.uint8Array({ maxLength: 60 }),
      })
      .map(({ references: [referenceSlot0 = null, referenceSlot1 = null], ...rest }): Packet => ({
        kind: referenceSlot0 === null ? 'key' : 'inter',
        ...rest,
        referenceSlot0,
        referenceSlot1,
      }));
    await fc.assert(
      fc.asyncProperty(fc.array(anyPacket, { maxLength: 12 }), fc.integer({ min: 1, max: 70 }), async (rest, size) => {
        const packets = [sampleKey, ...rest];
        const bytes = await writeStream(packets, [], { ...sampleHeader, slotCount: 8 });
        const reader = await StreamReader.open(pipe(bytes, size), { strict: true });
        const read: Packet[] = [];
        for await (const section of reader.sections()) if (section.kind === 'packet') read.push(section.packet);
        expect(read).toEqual(packets);
      }),
    );
  });

  test('an inter packet costs 12 bytes besides its tokens', async () => {
    const writer = new StreamWriter(new MemorySink());
    await writer.writeHeader(sampleHeader);
    await writer.writePacket(sampleKey);
    expect(await writer.writePacket(sampleInter)).toBe(12 + sampleInter.tokens.length);
  });

  test('a stream of no packets is a stream', async () => {
    const sections = await readAll(await writeStream([]), true);
    expect(sections.map(({ kind }) => kind)).toEqual(['index', 'end']);
  });

  test('a sink that fails makes every later call fail', async () => {
    let writes = 0;
    const writer = new StreamWriter({
      write: () => (++writes < 3 ? Promise.resolve() : Promise.reject(new Error('disk is full'))),
    });
    await writer.writeHeader(sampleHeader);
    await writer.writePacket(sampleKey);
    await expect(writer.writePacket(sampleInter)).rejects.toThrow('disk is full');
    await expect(writer.writePacket(sampleInter)).rejects.toThrow('disk is full');
    await expect(writer.finish()).rejects.toThrow('disk is full');
    expect(writes).toBe(3);
  });

  test('what the format has no room for is refused', async () => {
    const writer = new StreamWriter(new MemorySink());
    await expect(writer.writeHeader({ ...sampleHeader, width: 16385 })).rejects.toThrow(/width 16385/);
    await expect(writer.writeHeader({ ...sampleHeader, width: 16384, height: 16384 })).rejects.toThrow(InputError);
    await expect(writer.writePacket(sampleKey)).rejects.toThrow(/writeHeader/);
    await writer.writeHeader(sampleHeader);
    await expect(writer.writePacket(sampleInter)).rejects.toThrow(/must start with a key packet/);
    await expect(writer.writePacket({ ...sampleKey, q: 64 })).rejects.toThrow(InputError);
    await expect(writer.writePacket({ ...sampleKey, refreshSlot: 2 })).rejects.toThrow(/slot 2 of 2/);
    await expect(writer.writePacket({ ...sampleKey, referenceSlot0: 0 })).rejects.toThrow(InputError);
    await expect(writer.writePacket({ ...sampleKey, pts: 2n ** 62n })).rejects.toThrow(InputError);
    await expect(writer.writePacket({ ...sampleKey, duration: -1n })).rejects.toThrow(/duration/);
    const tooLong = { ...sampleKey, tokens: new Uint8Array(2 ** 16 + 12 * 640 * 368) };
    await expect(writer.writePacket(tooLong)).rejects.toThrow(/exceeds the limits/);
    expect(writer.packetCount).toBe(0);
    await writer.finish();
    await expect(writer.finish()).rejects.toThrow(TypeError);
  });
});

describe('seeking', () => {
  const packets = makePackets(30, 8);

  test('the index at the end gives the key packets', async () => {
    const bytes = await writeStream(packets, [new Uint8Array(5000)]);
    let bytesRead = 0;
    const memory = memorySource(bytes);
    const reader = await StreamReader.open({
      size: bytes.length,
      read: (offset, length) => {
        bytesRead += Math.min(length, bytes.length - offset);
        return memory.read(offset, length);
      },
    });
    bytesRead = 0;
    const index = await reader.readIndex();
    expect(index.keys.map(({ packetNumber }) => packetNumber)).toEqual([0, 8, 16, 24]);
    expect(bytesRead).toBeLessThan(200);
    const entry = findKey(index, 20n * 3003n);
    expect(entry?.packetNumber).toBe(16);
    const read: Packet[] = [];
    for await (const section of reader.sections(entry ?? undefined)) {
      if (section.kind === 'packet') read.push(section.packet);
    }
    expect(read).toEqual(packets.slice(16));
    expect(findKey(index, -5n)?.packetNumber).toBe(0);
    expect(findKey(index, 8n * 3003n)?.packetNumber).toBe(8);
    expect(findKey(index, 10n ** 9n)?.packetNumber).toBe(24);
    expect(findKey({ keys: [] }, 0n)).toBeNull();
  });

  test('a missing or damaged index is rebuilt', async () => {
    const bytes = await writeStream(packets);
    const whole = await (await StreamReader.open(memorySource(bytes))).readIndex();
    const damaged = bytes.slice();
    damaged[bytes.length - 30] = (damaged[bytes.length - 30] ?? 0) ^ 1;
    for (const broken of [bytes.slice(0, -1), bytes.slice(0, -60), damaged, Uint8Array.of(...bytes, 0)]) {
      expect(await (await StreamReader.open(memorySource(broken))).readIndex()).toEqual(whole);
    }
  });

  test('a pipe is read once and cannot be searched', async () => {
    const reader = await StreamReader.open(pipe(await writeStream(packets), 100));
    await expect(reader.readIndex()).rejects.toThrow(InputError);
    for await (const section of reader.sections()) if (section.kind === 'end') break;
    await expect(reader.sections().next()).rejects.toThrow(/only once/);
  });
});

test('unknown sections are skipped', async () => {
  const bytes = await writeStream(makePackets(3, 3));
  const sections = await readAll(bytes);
  const at = sections[1]?.offset ?? 0;
  const unknown = encodeSection('side', new Uint8Array(70));
  expect(unknown[0]).toBe(0x53);
  unknown[0] = 0x7a;
  new DataView(unknown.buffer).setUint32(unknown.length - 4, crc32c(unknown.subarray(0, -4)), true);
  const extended = Uint8Array.of(...bytes.subarray(0, at), ...unknown, ...bytes.subarray(at));
  const read = await readAll(extended, true);
  expect(packetsOf(read)).toEqual(makePackets(3, 3));
  expect(read[1]).toMatchObject({ kind: 'unknown', type: 0x7a, byteLength: unknown.length });
});

describe('files', () => {
  test('a stream is read from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tessera-'));
    try {
      const path = join(folder, 'a.tsr');
      const bytes = await writeStream(makePackets(9, 4));
      await writeFile(path, bytes);
      const source = await openFileSource(path);
      expect(source.size).toBe(bytes.length);
      const reader = await StreamReader.open(source, { strict: true });
      expect((await reader.readIndex()).keys).toHaveLength(3);
      const sections = [];
      for await (const section of reader.sections()) sections.push(section);
      expect(packetsOf(sections)).toEqual(makePackets(9, 4));
      await source.close();
      await expect(openFileSource(join(folder, 'none.tsr'))).rejects.toThrow(InputError);
      await expect(openFileSource(folder)).rejects.toThrow(/is a folder: name a file/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('errors name field and byte', async () => {
  const sections = await readAll(await writeStream([sampleKey, sampleInter]));
  const bytes = await writeStream([sampleKey, sampleInter]);
  const inter = sections[1];
  const payload = bytes.slice((inter?.offset ?? 0) + 2, (inter?.offset ?? 0) + (inter?.byteLength ?? 0) - 4);
  payload[2] = 5;
  const changed = Uint8Array.of(...bytes.subarray(0, inter?.offset), ...encodeSection('packet', payload));
  await expect(readAll(changed, true)).rejects.toThrow(
    new BitstreamError('slot 5 of 2', { offset: (inter?.offset ?? 0) + 2, field: 'referenceSlot0' }),
  );
  expect((await readAll(changed))[1]).toMatchObject({ kind: 'damaged', sectionKind: 'packet', offset: inter?.offset });
});
