import { describe, expect, test } from '@jest/globals';
import type { Packet } from '../../src/bitstream/packet.js';
import type { EncodeOptions, Encoder as OpenEncoder } from '../../src/codec/encoder.js';
import type { Frame } from '../../src/video/frame.js';
import { TINY_LOOKUP_FREE_PACK, TINY_PACK } from '../support/packs.js';
import { Encoder } from './built.js';
import { picture } from './clips.js';

const [WIDTH, HEIGHT] = [130, 70];

/** A clip; `seed` says which one. */
async function* clip(seed: number, frames: number): AsyncGenerator<Frame> {
  for (let time = 0; time < frames; time++) {
    await Promise.resolve();
    yield {
      ...picture('pan', WIDTH, HEIGHT, time, seed),
      width: WIDTH,
      height: HEIGHT,
      pts: BigInt(time),
      duration: 1n,
    };
  }
}

async function packetsOf(
  encoder: OpenEncoder,
  frames: AsyncIterable<Frame>,
  options: EncodeOptions = {},
  most = Infinity,
): Promise<Packet[]> {
  const packets: Packet[] = [];
  for await (const packet of encoder.encode(frames, options)) if (packets.push(packet) >= most) break;
  return packets;
}

describe.each([
  ['transform', TINY_PACK, 24, 15, false],
  ['transform, one chunk', TINY_PACK, 24, 15, true],
  ['lookup-free', TINY_LOOKUP_FREE_PACK, 9, 6, false],
])('family %s', (_, pack, quality, other, isChunk) => {
  const open = (q: number): Promise<OpenEncoder> =>
    Encoder.create(WIDTH, HEIGHT, { pack, device: 'cpu', quality: q, keyint: 8, isChunk });

  test('an encoder codes one sequence after another as new encoders do, also after one that was not read to its end', async () => {
    await using encoder = await open(quality);
    const sequences = [
      { seed: 0, frames: 12, q: quality, most: Infinity },
      { seed: 30, frames: 5, q: quality, most: Infinity },
      { seed: 0, frames: 20, q: other, most: 2 },
      { seed: 7, frames: 13, q: other, most: Infinity },
      { seed: 0, frames: 12, q: quality, most: Infinity },
    ];
    for (const { seed, frames, q, most } of sequences) {
      await using fresh = await open(q);
      const expected = await packetsOf(fresh, clip(seed, frames), {}, most);
      expect(await packetsOf(encoder, clip(seed, frames), { quality: q }, most)).toEqual(expected);
    }
  });

  test('a quality out of range is refused', async () => {
    await using encoder = await open(quality);
    await expect(packetsOf(encoder, clip(0, 1), { quality: 99 })).rejects.toThrow(/^quality is 99/);
  });
});
