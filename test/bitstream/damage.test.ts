import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StreamSection } from '../../src/bitstream/stream-reader.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { encodeSection } from '../../src/bitstream/section.js';
import { encodeHeader } from '../../src/bitstream/stream-header.js';
import { BitstreamError } from '../../src/errors.js';
import { makePackets, packetsOf, pipe, readAll, sampleHeader, writeStream } from './samples.js';

const packets = makePackets(12, 5);
const side = [Uint8Array.from({ length: 300 }, (_, index) => (index * 7) & 255)];
const headerBytes = encodeHeader(sampleHeader).length;

/** What a reader must hold to whatever the bytes are: contiguous sections and an end of some kind. */
function checkShape(sections: readonly StreamSection[], length: number): void {
  let end = headerBytes;
  const ends = sections.map(({ byteLength }) => (end += byteLength));
  expect(sections.map(({ offset }) => offset)).toEqual([headerBytes, ...ends].slice(0, -1));
  expect(end).toBeLessThanOrEqual(length);
  expect(['end', 'truncated', 'damaged']).toContain(sections.at(-1)?.kind);
}

describe('a stream cut', () => {
  test('at any byte is reported, and gives the packets before the cut', async () => {
    const bytes = await writeStream(packets, side);
    const whole = await readAll(bytes);
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      if (length < headerBytes) {
        await expect(readAll(cut)).rejects.toThrow(BitstreamError);
        continue;
      }
      const sections = await readAll(cut);
      checkShape(sections, length);
      expect(sections.at(-1)?.kind).toBe('truncated');
      const complete = whole.filter((section) => section.offset + section.byteLength <= length);
      expect(sections.slice(0, -1)).toEqual(complete);
      await expect(readAll(cut, true)).rejects.toThrow(BitstreamError);
    }
  });
});

describe('a flipped bit', () => {
  test('damages one section and no other', async () => {
    const bytes = await writeStream(packets, side);
    const whole = await readAll(bytes);
    for (let position = headerBytes; position < bytes.length; position++) {
      const flipped = bytes.slice();
      flipped[position] = (flipped[position] ?? 0) ^ (1 << (position % 8));
      const sections = await readAll(flipped);
      checkShape(sections, bytes.length);
      const hit = whole.find(({ offset, byteLength }) => position >= offset && position < offset + byteLength);
      const damaged = sections.filter(({ kind }) => kind === 'damaged');
      if (hit?.kind === 'end') {
        // Nothing follows: whether the reader calls that damage or a cut depends on the length that is left to read.
        const [first] = sections.filter(({ kind }) => kind === 'damaged' || kind === 'truncated');
        expect(first?.offset).toBe(hit.offset);
        expect(sections.at(-1)?.kind).toBe('truncated');
        continue;
      }
      expect(damaged[0]?.offset).toBe(hit?.offset);
      const good = whole.filter((section) => section !== hit);
      const isKeyLost = hit?.kind === 'packet' && hit.packet.kind === 'key';
      if (isKeyLost) {
        // Inter packets that lost their key packet are damaged as well, up to the next key packet.
        const lost = whole.filter((section) => section.kind === 'packet').indexOf(hit);
        const group = packets.slice(lost + 1).findIndex(({ kind }) => kind === 'key');
        expect(damaged).toHaveLength(group === -1 ? packets.length - lost : group + 1);
      } else {
        expect(damaged).toHaveLength(1);
        expect(sections.filter(({ kind }) => kind !== 'damaged')).toEqual(good);
      }
      await expect(readAll(flipped, true)).rejects.toThrow(BitstreamError);
    }
  });
});

test('a lost key packet takes its inter packets along, no further', async () => {
  const bytes = await writeStream(packets);
  const second = (await readAll(bytes)).filter((section) => section.kind === 'packet')[5];
  if (second === undefined) throw new Error('there is a second key packet');
  const cut = Uint8Array.of(...bytes.subarray(0, second.offset), ...bytes.subarray(second.offset + second.byteLength));
  const sections = await readAll(cut);
  expect(packetsOf(sections)).toEqual([...packets.slice(0, 5), ...packets.slice(10)]);
  const damaged = sections.filter((section) => section.kind === 'damaged');
  expect(damaged).toHaveLength(4);
  expect(damaged[0]?.reason).toMatch(/key packet of this inter packet is missing/);
});

test('a lost inter packet takes nothing along', async () => {
  const bytes = await writeStream(packets);
  const third = (await readAll(bytes)).filter((section) => section.kind === 'packet')[2];
  if (third === undefined) throw new Error('there is a third packet');
  const cut = Uint8Array.of(...bytes.subarray(0, third.offset), ...bytes.subarray(third.offset + third.byteLength));
  expect(packetsOf(await readAll(cut))).toEqual(packets.filter((_, index) => index !== 2));
});

test('reading goes on behind a run of garbage, from a pipe too', async () => {
  const bytes = await writeStream(packets);
  const third = (await readAll(bytes)).filter((section) => section.kind === 'packet')[2];
  const at = third?.offset ?? 0;
  const garbage = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 2654435761) >>> 24);
  const dirty = new Uint8Array(bytes.length + garbage.length);
  dirty.set(bytes.subarray(0, at));
  dirty.set(garbage, at);
  dirty.set(bytes.subarray(at), at + garbage.length);
  const reader = await StreamReader.open(pipe(dirty, 777));
  const sections: StreamSection[] = [];
  for await (const section of reader.sections()) sections.push(section);
  expect(packetsOf(sections)).toEqual(packets);
  expect(sections.filter(({ kind }) => kind === 'damaged')).toEqual([
    expect.objectContaining({ offset: at, byteLength: garbage.length }),
  ]);
});

test('a section quoted in a damaged payload is not taken for one', async () => {
  const quoted = encodeSection('side', Uint8Array.of(1, 2, 3));
  const bytes = await writeStream(packets, [Uint8Array.of(0, 0, 0, ...quoted, 0, 0)]);
  bytes[headerBytes + 3] = 9;
  const sections = await readAll(bytes);
  expect(sections[0]).toMatchObject({ kind: 'damaged', sectionKind: 'side' });
  expect(sections.filter(({ kind }) => kind === 'side')).toEqual([]);
  expect(packetsOf(sections)).toEqual(packets);
});

test('bytes behind the end are reported', async () => {
  const bytes = Uint8Array.of(...(await writeStream(packets)), 0);
  expect((await readAll(bytes)).slice(-2).map(({ kind }) => kind)).toEqual(['end', 'damaged']);
  await expect(readAll(bytes, true)).rejects.toThrow(/bytes follow the end/);
});

test('a length that lies allocates nothing and ends', async () => {
  // A packet that claims two megabytes, an unknown section that claims sixteen, a length beyond any limit.
  for (const head of [
    [0x50, 0xff, 0xff, 0x7f],
    [0x7a, 0x80, 0x80, 0x80, 0x08],
    [0x53, 0xff, 0xff, 0xff, 0xff, 0x0f],
  ]) {
    const before = process.memoryUsage().arrayBuffers;
    const bytes = Uint8Array.of(...encodeHeader(sampleHeader), ...head, ...new Uint8Array(50));
    const sections = await readAll(bytes);
    expect(sections).toEqual([expect.objectContaining({ kind: 'truncated', offset: headerBytes })]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  }
});

test('bytes that look like section heads everywhere cost bounded work', async () => {
  // Every third byte begins a packet head with a length of 16383, none of them with a right CRC.
  const body = Uint8Array.from({ length: 2 ** 20 }, (_, index) => [0x50, 0xff, 0x7f][index % 3] ?? 0);
  const started = performance.now();
  const sections = await readAll(Buffer.concat([encodeHeader(sampleHeader), body]));
  expect(sections.map(({ kind }) => kind)).toEqual(['truncated']);
  expect(performance.now() - started).toBeLessThan(20_000);
});

test('mutated streams neither crash nor hang', async () => {
  const bytes = await writeStream(packets, side);
  const edit = fc.oneof(
    fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) }),
    fc.record({ at: fc.nat(bytes.length - 1), drop: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ at: fc.nat(bytes.length - 1), insert: fc.uint8Array({ minLength: 1, maxLength: 20 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), fc.boolean(), async (edits, isStrict) => {
      let mutated = [...bytes];
      for (const one of edits) {
        if ('value' in one) mutated[one.at % mutated.length] = one.value;
        else if ('drop' in one) mutated.splice(one.at, one.drop);
        else mutated = [...mutated.slice(0, one.at), ...one.insert, ...mutated.slice(one.at)];
      }
      try {
        checkShape(await readAll(Uint8Array.from(mutated), isStrict), mutated.length);
      } catch (error) {
        if (!(error instanceof BitstreamError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
