import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BitstreamError } from '../../../src/errors.js';
import { ByteWindow } from '../../../src/bitstream/byte-window.js';
import { readSidePackets, type SidePacket, SidePacketWriter } from '../../../src/bitstream/side-packets.js';
import { collectSideTracks } from '../../../src/video/side/collect-side-tracks.js';
import { openSideTracks } from '../../../src/video/side/side-tracks.js';
import { Spool } from '../../../src/io/spool.js';
import { clip, collect, failureOf, produce } from '../helpers.js';

const ticks = fc.bigInt({ min: -(1n << 60n), max: 1n << 60n });
const packets: fc.Arbitrary<SidePacket[]> = fc.array(
  fc.record({
    track: fc.nat(3),
    pts: fc.option(ticks),
    dts: fc.option(ticks),
    duration: fc.bigInt({ min: 0n, max: 1n << 40n }),
    key: fc.boolean(),
    corrupt: fc.boolean(),
    discard: fc.boolean(),
    disposable: fc.boolean(),
    data: fc.uint8Array({ maxLength: 300 }),
    sideData: fc.dictionary(fc.constantFrom('skipSamples', 'replayGain', 'palette'), fc.uint8Array({ maxLength: 20 }), {
      noNullPrototype: true,
    }),
  }),
  { maxLength: 12 },
);

describe('packets', () => {
  test('any packets come back', async () => {
    await fc.assert(
      fc.asyncProperty(packets, async (given) => {
        const writer = new SidePacketWriter();
        const bytes = Buffer.concat(given.map((packet) => writer.format(packet)));
        expect(await collect(readSidePackets(new ByteWindow(produce([bytes])), 4))).toEqual(given);
      }),
      { numRuns: 300 },
    );
  });

  test('a packet that follows the one before costs six bytes beside its payload', () => {
    const writer = new SidePacketWriter();
    const packet = {
      track: 0,
      pts: 0n,
      dts: 0n,
      duration: 1024n,
      key: true,
      corrupt: false,
      discard: false,
      disposable: false,
      data: new Uint8Array(300),
      sideData: {},
    };
    writer.format(packet);
    expect(writer.format({ ...packet, pts: 1024n, dts: 1024n }).length).toBeLessThanOrEqual(306);
  });

  test('any bytes give packets or a BitstreamError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await collect(readSidePackets(new ByteWindow(produce([bytes])), 2)).catch((error: unknown) => {
          expect(error).toBeInstanceOf(BitstreamError);
        });
      }),
      { numRuns: 500 },
    );
  });
});

describe('the section of a real file', () => {
  test('comes back from its bytes', async () => {
    await using side = await collectSideTracks(clip('everything.mp4'));
    if (side === null) throw new Error('expected side tracks');
    const bytes = Buffer.concat(await collect(side.bytes()));
    expect(bytes).toHaveLength(side.byteLength);
    await using again = await openSideTracks(produce([bytes.subarray(0, 5), bytes.subarray(5)]));
    expect(again.header).toEqual(side.header);
    const expected = await collect(side.packets());
    expect(expected.length).toBeGreaterThan(100);
    expect(await collect(again.packets())).toEqual(expected);
    expect(again.header.tracks.map(({ kind, codec }) => [kind, codec])).toEqual([
      ['audio', 'aac'],
      ['audio', 'aac'],
      ['subtitle', 'mov_text'],
    ]);
    expect(expected[0]).toMatchObject({ pts: -1024n, duration: 1024n });
  });

  test('is absent where there is only a picture track', async () => {
    expect(await collectSideTracks(clip('odd-101x67.webm'))).toBeNull();
  });

  test('every cut and every changed header is a BitstreamError or still a section', async () => {
    await using side = await collectSideTracks(clip('everything.mp4'));
    const bytes = Buffer.concat(await collect(side?.bytes() ?? produce([])));
    const read = async (part: Uint8Array) => {
      await using section = await openSideTracks(part);
      return (await collect(section.packets())).length;
    };
    for (let length = 0; length < bytes.length; length += 997) {
      const result = await read(bytes.subarray(0, length)).catch((error: unknown) => error);
      if (typeof result !== 'number') expect(result).toBeInstanceOf(BitstreamError);
    }
    expect(await failureOf(read(bytes.subarray(0, 100)))).toBeInstanceOf(BitstreamError);
    for (let at = 0; at < 400; at += 3) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      const result = await read(changed).catch((error: unknown) => error);
      if (typeof result !== 'number') expect(result).toBeInstanceOf(BitstreamError);
    }
  });
});

test('a spool keeps what is beyond memory in a file', async () => {
  await using spool = new Spool();
  const chunks = Array.from({ length: 20 }, (_, index) => new Uint8Array(1 << 20).fill(index));
  for (const chunk of chunks) await spool.write(chunk);
  expect(spool.byteLength).toBe(20 << 20);
  const read = Buffer.concat(await collect(spool.read()));
  expect(read.equals(Buffer.concat(chunks))).toBe(true);
});
