import { describe, expect, test } from '@jest/globals';
import { BitstreamError } from '../../src/errors.js';
import { cutSideTracks, tolerateDamage } from '../../src/pipeline/side-window.js';
import type { SidePacket, SideTracks } from '../../src/video/side/side-tracks.js';
import { collect } from '../video/helpers.js';

const track = { codec: 'x', codecTag: 0, disposition: 0, tags: {}, bitRate: 0, sideData: {} };
const numbers = { bitsPerCodedSample: 0, bitsPerRawSample: 0, profile: 0, level: 0 };

function packet(index: number, pts: number | null, duration: number): SidePacket {
  const flags = { key: true, corrupt: false, discard: false, disposable: false };
  const time = pts === null ? null : BigInt(pts);
  return {
    track: index,
    pts: time,
    dts: time,
    duration: BigInt(duration),
    ...flags,
    data: new Uint8Array(),
    sideData: {},
  };
}

function makeSide(packets: () => AsyncGenerator<SidePacket, void, undefined>): SideTracks {
  return {
    header: {
      version: 1,
      tags: { title: 'all' },
      video: { tags: {}, disposition: 0 },
      chapters: [
        { start: 0, end: 1_000_000, tags: { title: 'one' } },
        { start: 1_000_000, end: 3_000_000, tags: { title: 'two' } },
        { start: 3_000_000, end: 4_000_000, tags: { title: 'three' } },
      ],
      tracks: [
        { ...track, ...numbers, kind: 'audio', timeBase: [1, 1000] },
        { ...track, ...numbers, kind: 'subtitle', timeBase: [1, 100] },
        { ...track, ...numbers, kind: 'video', timeBase: [1, 100], disposition: 0x400 },
      ],
    },
    byteLength: 0,
    bytes: async function* () {},
    packets,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function* all(): AsyncGenerator<SidePacket, void, undefined> {
  await Promise.resolve();
  yield packet(2, 0, 0);
  yield packet(1, 100, 100); // on screen at the beginning
  yield packet(1, 0, 50); // gone before
  for (let ms = 0; ms < 4000; ms += 400) yield packet(0, ms, 400);
  yield packet(1, 250, 10);
  yield packet(1, 350, 10); // after the end
}

describe('cutSideTracks', () => {
  // 1.5 s to 3 s in ticks of 1/90000.
  const window = { from: 135_000n, until: 270_000n, timeBase: { num: 1, den: 90_000 } };

  test('moves what is inside to its beginning', async () => {
    const packets = await collect(cutSideTracks(makeSide(all), window).packets());
    const of = (index: number) =>
      packets.filter((entry) => entry.track === index).map(({ pts, duration }) => [pts, duration]);
    expect(of(0)).toEqual([100n, 500n, 900n, 1300n].map((pts) => [pts, 400n]));
    expect(of(1)).toEqual([
      [0n, 50n],
      [100n, 10n],
    ]);
    expect(of(2)).toEqual([[0n, 0n]]);
  });

  test('clips chapters', () => {
    const { header } = cutSideTracks(makeSide(all), window);
    expect(header.chapters).toEqual([{ start: 0, end: 1_500_000, tags: { title: 'two' } }]);
    expect(header.tags).toEqual({ title: 'all' });
    const toEnd = cutSideTracks(makeSide(all), { ...window, until: null });
    expect(toEnd.header.chapters.map(({ start, end }) => [start, end])).toEqual([
      [0, 1_500_000],
      [1_500_000, 2_500_000],
    ]);
  });
});

describe('tolerateDamage', () => {
  async function* damaged(): AsyncGenerator<SidePacket, void, undefined> {
    await Promise.resolve();
    yield packet(0, 0, 400);
    throw new BitstreamError('cut');
  }

  test('ends with what is whole and tells why', async () => {
    const reasons: string[] = [];
    const packets = await collect(tolerateDamage(makeSide(damaged), (reason) => reasons.push(reason)).packets());
    expect(packets).toHaveLength(1);
    expect(reasons).toEqual(['cut']);
  });

  test('lets other errors pass', async () => {
    const side = makeSide(async function* () {
      await Promise.resolve();
      yield packet(0, 0, 400);
      throw new TypeError('a bug');
    });
    await expect(collect(tolerateDamage(side, () => undefined).packets())).rejects.toThrow(TypeError);
  });
});
