import { describe, expect, jest, test } from '@jest/globals';
import { memorySource } from '../../src/bitstream/byte-source.js';
import type { Packet } from '../../src/bitstream/packet.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import { InputError } from '../../src/errors.js';
import { thinLayers, type LayerPacket } from '../../src/pipeline/thin-layers.js';
import type * as thinModule from '../../src/pipeline/thin.js';
import type * as verifyModule from '../../src/pipeline/verify.js';
import { load } from '../codec/built.js';
import { TINY_LOOKUP_FREE_PACK, TINY_PACK } from '../support/packs.js';

// Enough for a machine that has other things to do.
jest.setTimeout(300_000);

const { thinStream } = await load<typeof thinModule>('pipeline/thin.js');
const { verifyStream } = await load<typeof verifyModule>('pipeline/verify.js');
const streams = new URL('../../fixtures/streams/', import.meta.url).pathname;

async function thinned(name: string, to: number): Promise<{ bytes: Buffer; packets: Packet[]; rate: number }> {
  const parts: Uint8Array[] = [];
  await thinStream(
    `${streams}${name}.tsr`,
    { write: (bytes) => Promise.resolve(void parts.push(bytes.slice())) },
    { to },
  );
  const bytes = Buffer.concat(parts);
  const reader = await StreamReader.open(memorySource(bytes), { strict: true });
  const packets: Packet[] = [];
  for await (const section of reader.sections()) if (section.kind === 'packet') packets.push(section.packet);
  const { num, den } = reader.header.frameRate;
  return { bytes, packets, rate: num / den };
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

const byTime = (a: { pts: bigint }, b: { pts: bigint }): number => Number(a.pts - b.pts);

describe('thinStream', () => {
  test.each([
    [0.5, 10],
    [0.25, 5],
    [0.7, 14],
  ])('what is left of the family transform at %d decodes without a problem', async (to, count) => {
    const { bytes, packets, rate } = await thinned('resilient', to);
    expect(packets.length).toBe(count);
    expect(rate).toBeCloseTo((25 * count) / 19);
    // The frames that stay are shown until the next one.
    const shown = [...packets].sort(byTime);
    shown.forEach(({ pts, duration }, at) => {
      expect(duration).toBe((shown[at + 1]?.pts ?? 19n) - pts);
    });
    const result = await verifyStream(pieces(bytes), { pack: TINY_PACK, device: 'cpu' });
    expect(result).toMatchObject({ isIntact: true, frames: count, lostFrames: 0, damagedFrames: 0, problems: [] });
  });

  test.each([0.75, 0.5])('and of the family lookup-free at %d', async (to) => {
    const { bytes, packets } = await thinned('lookup-free/resilient', to);
    expect(packets.length).toBe(Math.ceil(to * 23));
    const result = await verifyStream(pieces(bytes), { pack: TINY_LOOKUP_FREE_PACK, device: 'cpu' });
    expect(result).toMatchObject({ isIntact: true, frames: packets.length, problems: [] });
  });

  test('a stream that is not resilient is refused, and so is a share that is too small', async () => {
    await expect(thinned('inter', 0.5)).rejects.toThrow('is not resilient');
    await expect(thinned('resilient', 0.1)).rejects.toThrow('of 19 frames must stay');
    await expect(thinned('resilient', 0)).rejects.toThrow('above 0');
  });
});

describe('thinLayers', () => {
  const frame = (pts: number, refreshSlot: number | null, references: readonly number[]): LayerPacket => ({
    kind: references.length === 0 ? 'key' : 'inter',
    referenceSlot0: references[0] ?? null,
    referenceSlot1: references[1] ?? null,
    refreshSlot,
    pts: BigInt(pts),
    duration: 1n,
  });
  const pyramid = [
    frame(0, 0, []),
    frame(8, 1, [0]),
    frame(4, 2, [0, 1]),
    frame(2, 3, [0, 2]),
    frame(1, null, [0, 3]),
    frame(3, null, [3, 2]),
    frame(6, 3, [2, 1]),
    frame(5, null, [2, 3]),
    frame(7, null, [3, 1]),
  ];
  const kept = (share: number): [number, number][] =>
    thinLayers(pyramid, share)
      .flatMap((duration, at): [number, number][] =>
        duration === null ? [] : [[Number(pyramid[at]!.pts), Number(duration)]],
      )
      .sort(([a], [b]) => a - b);

  test('leaves out layer by layer, and lets the frames before last longer', () => {
    expect(kept(1).map(([pts]) => pts)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(kept(0.55)).toEqual([
      [0, 2],
      [2, 2],
      [4, 2],
      [6, 2],
      [8, 1],
    ]);
    expect(kept(0.3)).toEqual([
      [0, 4],
      [4, 4],
      [8, 1],
    ]);
    expect(kept(0.2)).toEqual([
      [0, 8],
      [8, 1],
    ]);
  });

  test('spreads what it leaves out of a layer', () => {
    expect(kept(0.75).map(([pts]) => pts)).toEqual([0, 2, 3, 4, 6, 7, 8]);
  });

  test('anchors stay', () => {
    expect(() => kept(0.1)).toThrow(InputError);
  });
});
