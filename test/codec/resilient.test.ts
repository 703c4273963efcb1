import { describe, expect, jest, test } from '@jest/globals';
import { memorySource } from '../../src/bitstream/byte-source.js';
import type { Packet } from '../../src/bitstream/packet.js';
import type { StreamHeader } from '../../src/bitstream/stream-header.js';
import { StreamReader } from '../../src/bitstream/stream-reader.js';
import type { DecodedFrame, DecodingProblem, PacketOrLoss } from '../../src/codec/decoder.js';
import { encoderHeader } from '../../src/pipeline/encoder-header.js';
import { feedPackets } from '../../src/pipeline/packet-feed.js';
import type { Frame } from '../../src/video/frame.js';
import { sampleHeader } from '../bitstream/samples.js';
import { TINY_LOOKUP_FREE_PACK, TINY_PACK } from '../support/packs.js';
import { Decoder, Encoder } from './built.js';
import { picture } from './clips.js';
import { goldenStreams } from './golden.js';
import { packetsOf } from './packets-of.js';

// Enough for a machine that has other things to do.
jest.setTimeout(300_000);

/** Time between two copies of a stream. */
const APART = 1000n;

interface Stream {
  readonly header: StreamHeader;
  readonly packets: readonly Packet[];
  readonly pack: string;
}

async function golden(): Promise<Stream> {
  const { bytes } = goldenStreams().find(({ name }) => name === 'resilient')!;
  return { ...(await packetsOf(bytes)), pack: TINY_PACK };
}

async function lookupFree(count: number): Promise<Stream> {
  const [width, height] = [40, 24];
  async function* frames(): AsyncGenerator<Frame> {
    for (let time = 0; time < count; time++) {
      await Promise.resolve();
      yield { ...picture('pan', width, height, time), width, height, duration: 1n };
    }
  }
  const pack = TINY_LOOKUP_FREE_PACK;
  await using encoder = await Encoder.create(width, height, { pack, device: 'cpu', resilient: true });
  const packets: Packet[] = [];
  for await (const packet of encoder.encode(frames())) packets.push(packet);
  return { packets, header: encoderHeader(encoder, { ...sampleHeader, width, height }), pack };
}

interface Decoded {
  readonly frames: DecodedFrame[];
  readonly problems: readonly DecodingProblem[];
}

async function decode(
  { header, pack }: Stream,
  items: AsyncIterable<PacketOrLoss>,
  options: { strict?: boolean } = {},
): Promise<Decoded> {
  await using decoder = await Decoder.create(header, { pack, device: 'cpu', postFilter: 'none', ...options });
  const frames: DecodedFrame[] = [];
  for await (const frame of decoder.decode(items)) frames.push(frame);
  return { frames, problems: decoder.problems };
}

async function* from(items: readonly PacketOrLoss[]): AsyncGenerator<PacketOrLoss> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

/** Positions of the packets that a packet depends on, directly or not, by packet. */
function dependencies(packets: readonly Packet[]): Set<number>[] {
  const slots = new Map<number, number>();
  const found: Set<number>[] = [];
  packets.forEach(({ kind, referenceSlot0, referenceSlot1, refreshSlot }, at) => {
    if (kind === 'key') slots.clear();
    const own = new Set<number>();
    for (const slot of [referenceSlot0, referenceSlot1]) {
      if (slot === null) continue;
      const reference = slots.get(slot)!;
      own.add(reference);
      for (const other of found[reference]!) own.add(other);
    }
    found.push(own);
    if (refreshSlot !== null) slots.set(refreshSlot, at);
  });
  return found;
}

/** Decodes the stream once for each set of losses, all in one go, and returns the frames of each time by their `pts`. */
async function decodeWithout(
  stream: Stream,
  losses: readonly (readonly number[])[],
): Promise<Map<bigint, DecodedFrame>[]> {
  const items = losses.flatMap((lost, copy) =>
    stream.packets
      .map((packet) => ({ ...packet, pts: packet.pts + BigInt(copy) * APART, tokens: packet.tokens.slice() }))
      .filter((_, at) => !lost.includes(at)),
  );
  const { frames } = await decode(stream, from(items));
  expect(frames.map(({ pts }) => pts)).toEqual(items.map(({ pts }) => pts).sort((a, b) => Number(a - b)));
  return losses.map((_, copy) => {
    const shift = BigInt(copy) * APART;
    const own = frames.filter(({ pts }) => pts >= shift - APART / 2n && pts < shift + APART / 2n);
    return new Map(own.map((frame) => [frame.pts - shift, frame]));
  });
}

/** Expects that each frame is whole, or told to be damaged if it depends on a loss. */
async function expectHonest(
  stream: Stream,
  losses: readonly (readonly number[])[],
  check: (frame: DecodedFrame, dependsOnLoss: boolean) => void,
): Promise<void> {
  const [whole, ...others] = await decodeWithout(stream, [[], ...losses]);
  const depending = dependencies(stream.packets);
  for (const [index, frames] of others.entries()) {
    const lost = losses[index]!;
    for (const [at, { pts }] of stream.packets.entries()) {
      const frame = frames.get(pts);
      if (lost.includes(at)) expect(frame).toBeUndefined();
      else {
        const dependsOnLoss = lost.some((other) => depending[at]!.has(other));
        check(frame!, dependsOnLoss);
        if (!dependsOnLoss) expect([lost, pts, frame!.y]).toEqual([lost, pts, whole!.get(pts)!.y]);
      }
    }
  }
}

describe('a resilient stream of the family transform', () => {
  test('each packet behind the key packet lost alone, bursts too: all others are decoded, and only what depends on the loss is damaged', async () => {
    const stream = await golden();
    expect(stream.packets.map(({ kind }) => kind[0]).join('')).toBe('kiiiiiiiiiiiiiiiiik');
    const inter = Array.from({ length: 17 }, (_, at) => at + 1);
    const bursts = inter.slice(0, 13).map((at) => [at, at + 1, at + 2, at + 3, at + 4]);
    await expectHonest(stream, [...inter.map((at) => [at]), ...bursts], (frame, dependsOnLoss) => {
      expect([frame.isConcealed, frame.isDamaged]).toEqual([false, dependsOnLoss]);
    });
  });

  test('behind a lost anchor, motion is continued: the frames between come much closer than a picture that stands still', async () => {
    const stream = await golden();
    const [whole, broken] = await decodeWithout(stream, [[], [1]]);
    const error = (a: DecodedFrame, b: DecodedFrame): number =>
      a.y.reduce((sum, value, at) => sum + (value - b.y[at]!) ** 2, 0);
    const between = stream.packets.slice(2, 17).map(({ pts }) => whole!.get(pts)!);
    const still = between.reduce((sum, frame) => sum + error(frame, whole!.get(0n)!), 0);
    const continued = between.reduce((sum, frame) => sum + error(frame, broken!.get(frame.pts)!), 0);
    expect(continued / still).toBeLessThan(0.5);
  });

  test('a decoder that is strict fails at the first frame that depends on a loss', async () => {
    const stream = await golden();
    const first = stream.packets.filter((_, at) => at !== 1);
    await expect(decode(stream, from(first), { strict: true })).rejects.toThrow('a frame it depends on was lost');
    const leaf = stream.packets.findIndex(({ refreshSlot }) => refreshSlot === null);
    const { problems } = await decode(stream, from(stream.packets.filter((_, at) => at !== leaf)), { strict: true });
    expect(problems).toEqual([]);
  });

  test('without its key packet, a chunk is lost up to the next one', async () => {
    const { bytes } = goldenStreams().find(({ name }) => name === 'resilient')!;
    const reader = await StreamReader.open(memorySource(bytes), { strict: true });
    const key = (await reader.readIndex()).keys[0]!;
    let end = 0;
    for await (const { offset, byteLength } of reader.sections()) if (offset === key.offset) end = offset + byteLength;
    const cut = Buffer.concat([bytes.subarray(0, key.offset), bytes.subarray(end)]);
    const broken = await StreamReader.open(memorySource(cut));
    const counts = { packets: 0, packetBytes: 0, bytes: 0, checksums: 0 };
    const { frames, problems } = await decode(
      { ...(await golden()), header: broken.header },
      feedPackets(broken.sections(), true, counts),
    );
    expect(frames.map(({ pts, isConcealed, isDamaged }) => [pts, isConcealed, isDamaged])).toEqual([
      [18n, false, false],
    ]);
    expect(problems.length).toBeGreaterThan(16);
  });

  test('packets whose tokens cannot be read are concealed, and only what depends on them is damaged', async () => {
    const stream = await golden();
    const depending = dependencies(stream.packets);
    const spoilt = stream.packets.map((packet, at) =>
      at === 2 ? { ...packet, tokens: packet.tokens.slice(0, 6) } : packet,
    );
    const { frames } = await decode(stream, from(spoilt));
    const found = new Map(frames.map((frame) => [frame.pts, [frame.isConcealed, frame.isDamaged]]));
    stream.packets.forEach(({ pts }, at) => {
      expect([at, found.get(pts)]).toEqual([at, [at === 2, depending[at]!.has(2)]]);
    });
  });
});

describe('a resilient stream of the family lookup-free', () => {
  test('each packet behind the key packet lost alone: what is lost or damaged is told, all other frames are whole', async () => {
    const stream = await lookupFree(30);
    const inter = stream.packets.flatMap(({ kind }, at) => (kind === 'inter' ? [at] : []));
    expect(inter.length).toBe(29);
    let decodedOn = 0;
    await expectHonest(
      stream,
      inter.map((at) => [at]),
      (frame, dependsOnLoss) => {
        expect(frame.isConcealed || frame.isDamaged).toBe(dependsOnLoss);
        if (frame.isDamaged) decodedOn++;
      },
    );
    expect(decodedOn).toBeGreaterThan(20);
  });

  test('every other token grid does without the one before', async () => {
    const { packets } = await lookupFree(30);
    const grids = packets.filter(({ kind, variant }) => kind === 'inter' && variant === 0);
    expect(grids.map(({ hasQOffsets }) => hasQOffsets)).toEqual(grids.map((_, at) => at % 2 === 1));
  });
});
