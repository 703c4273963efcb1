import { describe, expect, jest, test } from '@jest/globals';
import type { Packet } from '../../../src/bitstream/packet.js';
import type { StreamHeader } from '../../../src/bitstream/stream-header.js';
import type { DecodedFrame, DecodingProblem, PacketOrLoss } from '../../../src/codec/decoder.js';
import { InputError, ModelError } from '../../../src/errors.js';
import { encoderHeader } from '../../../src/pipeline/encoder-header.js';
import type { Frame } from '../../../src/video/frame.js';
import { sampleHeader } from '../../bitstream/samples.js';
import { TINY_LOOKUP_FREE_PACK } from '../../support/packs.js';
import { Decoder, Encoder } from '../built.js';
import { picture } from '../clips.js';

// Enough for a machine that has other things to do.
jest.setTimeout(300_000);

const OPTIONS = { pack: TINY_LOOKUP_FREE_PACK, device: 'cpu' } as const;

interface Encoded {
  readonly header: StreamHeader;
  readonly packets: readonly Packet[];
}

async function encode(width: number, height: number, count: number, options = {}): Promise<Encoded> {
  async function* frames(): AsyncGenerator<Frame> {
    for (let time = 0; time < count; time++) {
      await Promise.resolve();
      yield { ...picture('pan', width, height, time), width, height, duration: 1n };
    }
  }
  await using encoder = await Encoder.create(width, height, { ...OPTIONS, ...options });
  const packets: Packet[] = [];
  for await (const packet of encoder.encode(frames())) packets.push(packet);
  const header = encoderHeader(encoder, { ...sampleHeader, width, height });
  return { header, packets };
}

async function decode(
  { header, packets }: Encoded,
  change: (packet: Packet, index: number) => PacketOrLoss = (packet) => packet,
): Promise<{ frames: DecodedFrame[]; problems: readonly DecodingProblem[] }> {
  async function* items(): AsyncGenerator<PacketOrLoss> {
    for (const [index, packet] of packets.entries()) {
      await Promise.resolve();
      yield change(packet, index);
    }
  }
  await using decoder = await Decoder.create(header, OPTIONS);
  const frames: DecodedFrame[] = [];
  for await (const frame of decoder.decode(items())) frames.push(frame);
  return { frames, problems: decoder.problems };
}

describe('pictures to packets and back, with a lookup-free pack', () => {
  test.each([
    [64, 48, 10],
    [101, 67, 6],
    [1, 1, 5],
    [8, 8, 1],
  ])('%dx%d, %d frames', async (width, height, count) => {
    const encoded = await encode(width, height, count);
    const { frames, problems } = await decode(encoded);
    expect(problems).toEqual([]);
    expect(frames.map(({ pts }) => Number(pts))).toEqual(Array.from({ length: count }, (_, time) => time));
    for (const { y, u, isConcealed } of frames) {
      expect([y.length, u.length]).toEqual([width * height, Math.ceil(width / 2) * Math.ceil(height / 2)]);
      expect(isConcealed).toBe(false);
    }
    expect(encoded.packets[0]!.q).toBe(18);
  });

  test('the number of bits is the quality', async () => {
    const sizes: number[] = [];
    for (const quality of [2, 9, 18]) {
      const { packets } = await encode(64, 48, 9, { quality });
      expect(packets.every(({ q }) => q === quality)).toBe(true);
      sizes.push(packets.reduce((sum, { tokens }) => sum + tokens.length, 0));
    }
    expect(sizes[0]).toBeLessThan(sizes[1]!);
    expect(sizes[1]).toBeLessThan(sizes[2]!);
  });

  test('a lost token grid holds the last picture until the next key frame', async () => {
    const encoded = await encode(64, 48, 12, { keyint: 9 });
    const { frames, problems } = await decode(encoded, (packet, index) =>
      index === 5 ? { ...packet, tokens: packet.tokens.slice(0, 3) } : packet,
    );
    expect(frames.map(({ isConcealed }) => Number(isConcealed)).join('')).toBe('000001111000');
    expect(frames[6]!.y).toEqual(frames[4]!.y);
    expect(problems.map(({ frame }) => frame)).toEqual([5, 6, 7, 8]);
  });

  test('tokens of another checksum are refused', async () => {
    const encoded = await encode(64, 48, 5);
    const { problems } = await decode(encoded, (packet, index) =>
      index === 1 ? { ...packet, loopChecksum: 1 } : packet,
    );
    expect(problems[0]!.reason).toMatch(/checksum/);
  });
});

test.each([
  ['a quality of another family', { quality: 28 }, InputError, /give a whole number from 1 to 18/],
  ['tuning', { tune: 'psnr' as const }, InputError, /does not support tune/],
  ['a preset', { preset: 'fast' as const }, InputError, /does not support preset/],
])('refuses %s', async (_, options, kind, message) => {
  const error: unknown = await Encoder.create(16, 16, { ...OPTIONS, ...options }).catch((reason: unknown) => reason);
  expect((error as Error).name).toBe(kind.name);
  expect((error as Error).message).toMatch(message);
});

test('refuses a post-filter', async () => {
  const { header } = await encode(16, 16, 1);
  const error: unknown = await Decoder.create(header, { ...OPTIONS, postFilter: 'lpips' }).catch((e: unknown) => e);
  expect((error as Error).name).toBe(ModelError.name);
  expect((error as Error).message).toMatch(/has no post-filter lpips/);
});
