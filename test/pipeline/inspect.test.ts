import { describe, expect, test } from '@jest/globals';
import { StreamWriter } from '../../src/bitstream/stream-writer.js';
import type { Packet } from '../../src/bitstream/packet.js';
import { BitstreamError, InputError } from '../../src/errors.js';
import { inspectStream } from '../../src/pipeline/inspect.js';
import { collect, makeProperties, produce } from '../video/helpers.js';
import { makeSide, makeTrack } from '../video/side-section.js';

/** A stream of three packets and a side section that holds no side tracks. */
async function makeStream(side: Uint8Array | null = null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const writer = new StreamWriter({ write: (bytes) => Promise.resolve(void chunks.push(bytes)) });
  const { width, height, ...rest } = makeProperties(64, 48);
  await writer.writeHeader({
    width,
    height,
    ...rest,
    slotCount: 1,
    reorderDepth: 0,
    packName: 'tiny',
    packId: new Uint8Array(16),
  });
  if (side !== null) await writer.writeSide([side]);
  for (let index = 0; index < 3; index++) {
    const isKey = index === 0;
    await writer.writePacket({
      ...({
        variant: 0,
        hasQOffsets: false,
        hasLoopFilter: false,
        loopChecksum: null,
        referenceSlot1: null,
      } as const),
      kind: isKey ? 'key' : 'inter',
      q: 20 + index,
      referenceSlot0: isKey ? null : 0,
      refreshSlot: 0,
      pts: BigInt(index),
      duration: 1n,
      tokens: new Uint8Array(20 * (index + 1)),
    } satisfies Packet);
  }
  await writer.finish();
  return Buffer.concat(chunks);
}

const inspect = (bytes: Uint8Array) => inspectStream(produce([bytes]), { frames: true });

describe('inspectStream', () => {
  test('counts what is there', async () => {
    const bytes = await makeStream();
    const info = await inspect(bytes);
    expect(info).toMatchObject({ frames: 3, keyFrames: 1, duration: 0.12, meanQ: 21, problems: [], tracks: [] });
    expect(info.sections.reduce((sum, section) => sum + section.bytes, 0)).toBe(bytes.length);
    expect(info.frameTable?.map(({ kind, q, time }) => [kind, q, time])).toEqual([
      ['key', 20, 0],
      ['inter', 21, 0.04],
      ['inter', 22, 0.08],
    ]);
  });

  test('names dispositions, titles and languages of tracks', async () => {
    const tracks = [
      makeTrack({ kind: 'subtitle', codec: 'subrip', disposition: 0x41, tags: { language: 'ger', title: 'T' } }),
      makeTrack({ kind: 'video', codec: 'mjpeg', disposition: 0x400 }),
    ];
    await using side = await makeSide({ video: { tags: { title: 'V' }, disposition: 1 }, tracks });
    const info = await inspect(await makeStream(Buffer.concat(await collect(side.bytes()))));
    expect(info.video).toEqual({ language: null, title: 'V', dispositions: ['default'] });
    expect(info.tracks).toEqual([
      { kind: 'subtitle', codec: 'subrip', language: 'ger', title: 'T', dispositions: ['default', 'forced'] },
      { kind: 'video', codec: 'mjpeg', language: null, title: null, dispositions: ['attached picture'] },
    ]);
    expect((await inspect(await makeStream())).video).toBeNull();
  });

  test('tells of side data that is none', async () => {
    const info = await inspect(await makeStream(Uint8Array.of(1, 2, 3)));
    expect(info.frames).toBe(3);
    expect(info.problems).toEqual([expect.stringMatching(/^the side data \(sound and other tracks\) is lost: /)]);
  });

  test('a cut at every byte: refused within the header, told of behind it, and all bytes accounted for', async () => {
    const bytes = await makeStream();
    const headerBytes = (await inspect(bytes)).sections[0]!.bytes;
    for (let length = 0; length < bytes.length; length++) {
      const cut = inspect(bytes.subarray(0, length));
      if (length < headerBytes) {
        await expect(cut).rejects.toThrow(length === 0 ? InputError : BitstreamError);
      } else {
        const info = await cut;
        expect(info.problems).not.toEqual([]);
        expect(info.sections.reduce((sum, section) => sum + section.bytes, 0)).toBe(length);
      }
    }
  });

  test('a bit turned over anywhere is told of', async () => {
    const bytes = await makeStream();
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1 << (at % 8);
      await inspect(changed).then(
        ({ problems }) => expect(problems).not.toEqual([]),
        (error: unknown) => expect(error).toBeInstanceOf(BitstreamError),
      );
    }
  });
});
