import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Packet } from '../../src/bitstream/packet.js';
import type { StreamHeader } from '../../src/bitstream/stream-header.js';
import type { DecodedFrame, DecoderOptions, PacketOrLoss } from '../../src/codec/decoder.js';
import { attenuate } from '../../src/codec/transform/attenuation.js';
import { TINY_PACK } from '../support/packs.js';
import { Decoder } from './built.js';
import { decodeStream } from './decode-stream.js';
import { goldenStreams } from './golden.js';
import { packetsOf } from './packets-of.js';
import { exactGraphs, tinyPack, tinyTables } from './tiny.js';

// Enough for a machine that has other things to do.
jest.setTimeout(300_000);

const NONE: DecoderOptions = { pack: TINY_PACK, device: 'cpu', postFilter: 'none' };
const golden = new Map(goldenStreams().map(({ name, bytes }) => [name, bytes]));

interface Stream {
  readonly header: StreamHeader;
  readonly packets: readonly Packet[];
}

function open(name: string): Promise<Stream> {
  return packetsOf(golden.get(name)!);
}

async function* from(items: readonly PacketOrLoss[]): AsyncGenerator<PacketOrLoss> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

interface Decoded {
  readonly frames: readonly DecodedFrame[];
  readonly problems: readonly { readonly frame: number | null; readonly reason: string }[];
  readonly concealed: number;
}

async function decode(header: StreamHeader, items: readonly PacketOrLoss[], options = NONE): Promise<Decoded> {
  await using decoder = await Decoder.create(header, options);
  const frames: DecodedFrame[] = [];
  for await (const frame of decoder.decode(from(items))) frames.push(frame);
  return { frames, problems: decoder.problems, concealed: decoder.concealedFrames };
}

/** Packets whose tokens cannot be read. */
function spoil(packets: readonly Packet[], ...indices: number[]): Packet[] {
  return packets.map((packet, i) => (indices.includes(i) ? { ...packet, tokens: packet.tokens.slice(0, 5) } : packet));
}

describe('Decoder', () => {
  test.each(['inter', 'film', 'one-sample', 'average', 'q-offsets', 'resilient'])(
    'shows the loop pictures of %s, cropped',
    async (name) => {
      const { header, packets } = await open(name);
      const { frames, problems } = await decode(header, packets);
      expect(problems).toEqual([]);
      const times = packets.map(({ pts }) => pts).sort((a, b) => Number(a - b));
      expect(frames.map(({ pts }) => pts)).toEqual(times);
      const graphs = await exactGraphs(await tinyPack);
      let count = 0;
      for await (const { loop, packet } of decodeStream(golden.get(name)!, await tinyTables(), graphs)) {
        const frame = frames[times.indexOf(packet.pts)]!;
        count++;
        const stride = 16 * Math.ceil(header.width / 16);
        const cropped = (plane: Uint8Array, stride: number, width: number, height: number): Uint8Array =>
          Uint8Array.from({ length: width * height }, (_, i) => plane[Math.floor(i / width) * stride + (i % width)]!);
        const [halfWidth, halfHeight] = [Math.ceil(header.width / 2), Math.ceil(header.height / 2)];
        expect(frame).toEqual({
          width: header.width,
          height: header.height,
          y: cropped(loop.y, stride, header.width, header.height),
          u: cropped(loop.u, stride / 2, halfWidth, halfHeight),
          v: cropped(loop.v, stride / 2, halfWidth, halfHeight),
          pts: packet.pts,
          duration: packet.duration,
          isConcealed: false,
          isDamaged: false,
        });
      }
      expect(count).toBe(frames.length);
    },
  );

  test('gives frames out in display order', async () => {
    const { header, packets } = await open('reordered');
    expect(packets.map(({ pts }) => pts)).toEqual([0n, 2n, 1n, 3n]);
    const { frames } = await decode(header, packets);
    expect(frames.map(({ pts }) => pts)).toEqual([0n, 1n, 2n, 3n]);
  });

  test('a post-filter changes what is shown, not how much of it', async () => {
    const { header, packets } = await open('film');
    const plain = await decode(header, packets);
    for (const postFilter of ['psnr', 'lpips'] as const) {
      const { frames, problems } = await decode(header, packets, { ...NONE, postFilter });
      expect(problems).toEqual([]);
      expect(frames.map(({ pts }) => pts)).toEqual(plain.frames.map(({ pts }) => pts));
      expect(frames.every(({ y }, i) => y.length === plain.frames[i]!.y.length)).toBe(true);
    }
  });

  test.each([0, 1, 2, 3])('attenuation %i of a key packet holds up to the next one', async (attenuation) => {
    const { header, packets } = await open('inter');
    expect(packets.map(({ kind }) => kind[0]).join('')).toBe('kiiiiki');
    const lpips = { ...NONE, postFilter: 'lpips' } as const;
    const keysSay = (first: number, second: number) =>
      packets.map((packet, at) => (packet.kind === 'key' ? { ...packet, variant: at === 0 ? first : second } : packet));
    const { frames: plain } = await decode(header, packets);
    const { frames: filtered } = await decode(header, keysSay(0, 0), lpips);
    const { frames } = await decode(header, keysSay(attenuation, 0), lpips);
    frames.forEach((frame, at) => {
      for (const plane of ['y', 'u', 'v'] as const) {
        const wanted = filtered[at]![plane].slice();
        if (at < 5) attenuate(plain[at]![plane], wanted, attenuation);
        expect(frame[plane]).toEqual(wanted);
      }
    });
    expect(filtered[1]!.y).not.toEqual(plain[1]!.y);
  });
});

describe('damage', () => {
  let stream: Stream;
  let good: readonly DecodedFrame[];
  beforeAll(async () => {
    // Key frames at 0 and 5; what is between them is a pyramid: 4, then 2, then 1 and 3.
    stream = await open('inter');
    good = (await decode(stream.header, stream.packets)).frames;
  });

  test('frames are lost until the next key frame; the last good picture stands in, every time the same', async () => {
    expect(stream.packets.map(({ kind }) => kind[0]).join('')).toBe('kiiiiki');
    for (let run = 0; run < 4; run++) {
      const { frames, problems, concealed } = await decode(stream.header, spoil(stream.packets, 2));
      expect(frames.map(({ pts, isConcealed }) => `${pts}${isConcealed ? '!' : ''}`)).toEqual([
        '0',
        '1!',
        '2!',
        '3!',
        '4',
        '5',
        '6',
      ]);
      for (const index of [1, 2, 3]) expect(frames[index]!.y).toEqual(good[4]!.y);
      for (const index of [0, 4, 5, 6]) expect(frames[index]).toEqual(good[index]);
      expect(concealed).toBe(3);
      expect(problems.map(({ frame }) => frame)).toEqual([2, 3, 4]);
      expect(problems[1]!.reason).toMatch(/depends on was lost/);
    }
  });

  test('the frame behind a key frame is concealed even if it fails at once', async () => {
    for (let run = 0; run < 4; run++) {
      const { frames } = await decode(stream.header, spoil(stream.packets.slice(0, 2), 1));
      expect(frames.map(({ isConcealed }) => isConcealed)).toEqual([false, true]);
      expect(frames[1]!.y).toEqual(good[0]!.y);
    }
  });

  test('before the first good picture there is nothing to show', async () => {
    const { frames, concealed } = await decode(stream.header, spoil(stream.packets, 0));
    expect(frames.map(({ pts }) => pts)).toEqual([5n, 6n]);
    expect(concealed).toBe(5);
  });

  test('a wrong loop checksum is told with the number of its frame, and the picture is not shown', async () => {
    const packets = stream.packets.map((packet, i) => (i === 3 ? { ...packet, loopChecksum: 12345 } : packet));
    const { frames, problems } = await decode(stream.header, packets);
    expect(problems[0]).toMatchObject({ frame: 3, reason: expect.stringMatching(/checksum/) as unknown });
    expect(frames.map(({ isConcealed }) => Number(isConcealed)).join('')).toBe('0101000');
  });

  test('lost packets spoil what follows them', async () => {
    const { packets } = stream;
    const items = [...packets.slice(0, 2), { lost: 'gone' }, ...packets.slice(3)];
    const { frames, problems } = await decode(stream.header, items);
    expect(frames.map(({ isConcealed }) => Number(isConcealed)).join('')).toBe('011000');
    expect(problems[0]).toEqual({ frame: null, reason: 'gone' });
  });

  test('a strict decoder throws', async () => {
    const options = { ...NONE, strict: true };
    await expect(decode(stream.header, spoil(stream.packets, 2), options)).rejects.toMatchObject({
      name: 'BitstreamError',
      message: expect.stringMatching(/frame 2 cannot be decoded/) as unknown,
    });
    await expect(decode(stream.header, [{ lost: 'gone' }], options)).rejects.toThrow('gone');
  });

  test('an inter packet that comes first is lost', async () => {
    const { frames, concealed } = await decode(stream.header, stream.packets.slice(3));
    expect([frames.length, concealed]).toEqual([2, 2]);
  });
});

describe('refused', () => {
  test('another pack than the stream was made with, an unknown one, options out of range', async () => {
    const { header } = await open('still');
    const other = { ...header, packId: new Uint8Array(16) };
    await expect(Decoder.create(other, NONE)).rejects.toMatchObject({ name: 'ModelError' });
    await expect(Decoder.create(header, { ...NONE, pack: 'nowhere' })).rejects.toMatchObject({ name: 'ModelError' });
    await expect(Decoder.create(header, { ...NONE, threads: 0 })).rejects.toMatchObject({ name: 'InputError' });
  });

  test('going on after the signal has fired', async () => {
    const { header, packets } = await open('inter');
    await using decoder = await Decoder.create(header, NONE);
    const controller = new AbortController();
    const run = async (): Promise<number> => {
      let count = 0;
      for await (const _ of decoder.decode(from(packets), { signal: controller.signal })) {
        if (++count === 2) controller.abort();
      }
      return count;
    };
    await expect(run()).rejects.toMatchObject({ name: 'CancelledError' });
  });

  test('waiting for frames of a decoder that was disposed of, at whatever it was busy with', async () => {
    const { header, packets } = await open('film');
    const endless = async function* (): AsyncGenerator<Packet> {
      for (;;) yield* from(packets) as AsyncGenerator<Packet>;
    };
    for (const delayMs of [0, 5, 20, 40, 80]) {
      const decoder = await Decoder.create(header, NONE);
      const waiting = (async (): Promise<number> => {
        let count = 0;
        for await (const _ of decoder.decode(endless())) count++;
        return count;
      })();
      waiting.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await decoder[Symbol.asyncDispose]();
      await expect(waiting).rejects.toThrow('a codec worker has ended');
      await decoder[Symbol.asyncDispose]();
    }
  });

  test('nothing: a caller may stop early', async () => {
    const { header, packets } = await open('inter');
    await using decoder = await Decoder.create(header, NONE);
    for await (const frame of decoder.decode(from(packets))) {
      expect(frame.pts).toBe(0n);
      break;
    }
  });
});
