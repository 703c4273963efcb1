import { describe, expect, test } from '@jest/globals';
import type { Packet } from '../../src/bitstream/packet.js';
import type { QualityControl } from '../../src/codec/encoder.js';
import type { Frame } from '../../src/video/frame.js';
import { TINY_LOOKUP_FREE_PACK, TINY_PACK } from '../support/packs.js';
import { Encoder } from './built.js';
import { picture } from './clips.js';

const [WIDTH, HEIGHT] = [130, 70];
const FRAMES = 20;

async function* clip(): AsyncGenerator<Frame> {
  for (let time = 0; time < FRAMES; time++) {
    await Promise.resolve();
    yield { ...picture('pan', WIDTH, HEIGHT, time), width: WIDTH, height: HEIGHT, pts: BigInt(time), duration: 1n };
  }
}

async function encode(pack: string, quality: number, control?: QualityControl, count = Infinity): Promise<Packet[]> {
  await using encoder = await Encoder.create(WIDTH, HEIGHT, { pack, device: 'cpu', quality, keyint: 100 });
  const packets: Packet[] = [];
  for await (const packet of encoder.encode(clip(), { control })) if (packets.push(packet) >= count) break;
  return packets;
}

/** Gives one quality and notes what it is told. */
class Watch implements QualityControl {
  readonly told: Packet[] = [];
  readonly qualities: number[] = [];

  constructor(
    readonly value: number,
    readonly lag: number,
  ) {}

  quality(): number {
    return this.value;
  }

  coded(packet: Packet, quality: number): void {
    this.told.push(packet);
    this.qualities.push(quality);
  }
}

describe.each([
  ['transform', TINY_PACK, 24],
  ['lookup-free', TINY_LOOKUP_FREE_PACK, 9],
])('family %s', (_, pack, quality) => {
  test('a control with the quality of the sequence changes nothing, and is told all packets', async () => {
    const watch = new Watch(quality, 3);
    const packets = await encode(pack, quality, watch);
    expect(packets).toEqual(await encode(pack, quality));
    expect(watch.told).toEqual(packets);
    expect(watch.qualities).toEqual(packets.map(() => quality));
  });

  test('a quality with a fraction lies between the whole ones', async () => {
    const mean = async (value: number): Promise<number> => {
      const packets = await encode(pack, quality, new Watch(value, 3));
      return packets.reduce((sum, { q }) => sum + q, 0) / packets.length;
    };
    const [low, middle, high] = [await mean(quality), await mean(quality + 0.5), await mean(quality + 1)];
    expect(middle).toBeGreaterThan(low + 0.2);
    expect(middle).toBeLessThan(high - 0.2);
  });
});

test('the lag alone decides when a packet is told', async () => {
  for (const lag of [0, 5]) {
    const counts: number[] = [];
    let asked = 0;
    const watch = new Watch(24, lag);
    watch.quality = () => {
      asked++;
      counts.push(watch.told.length);
      return 24;
    };
    await encode(TINY_PACK, 24, watch);
    expect(asked).toBeGreaterThan(FRAMES);
    // The look-ahead takes pictures first; then each request codes a frame.
    const started = counts.findLastIndex((count) => count === 0);
    expect(counts.slice(started)).toEqual(counts.slice(started).map((__, at) => at));
    expect(watch.told).toHaveLength(FRAMES);
  }
});

test('a caller that stops early has been told all packets that it got', async () => {
  const watch = new Watch(24, 8);
  const packets = await encode(TINY_PACK, 24, watch, 5);
  expect(watch.told.slice(0, 5)).toEqual(packets);
});

test('in key frames, regions share a fraction', async () => {
  const [whole] = await encode(TINY_PACK, 24, new Watch(24, 3), 1);
  const [half] = await encode(TINY_PACK, 24, new Watch(24.5, 3), 1);
  expect([whole!.kind, half!.kind, half!.q - whole!.q]).toEqual(['key', 'key', 0]);
  expect(half!.hasQOffsets).toBe(true);
  expect(half!.tokens.length).toBeGreaterThan(whole!.tokens.length);
});
