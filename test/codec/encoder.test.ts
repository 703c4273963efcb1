import { describe, expect, test } from '@jest/globals';
import type { Packet } from '../../src/bitstream/packet.js';
import type { StreamHeader } from '../../src/bitstream/stream-header.js';
import type { EncoderOptions } from '../../src/codec/encoder.js';
import { encoderHeader } from '../../src/pipeline/encoder-header.js';
import { PRESETS } from '../../src/codec/sequence-options.js';
import type { Frame } from '../../src/video/frame.js';
import { sampleHeader } from '../bitstream/samples.js';
import { TINY_PACK } from '../support/packs.js';
import { Decoder, Encoder } from './built.js';
import { picture } from './clips.js';

const OPTIONS: EncoderOptions = { pack: TINY_PACK, device: 'cpu', quality: 24, keyint: 6 };
const [WIDTH, HEIGHT] = [70, 46];

async function* clip(count: number, width = WIDTH): AsyncGenerator<Frame> {
  for (let time = 0; time < count; time++) {
    await Promise.resolve();
    // Time stamps of a variable frame rate.
    yield { ...picture('pan', width, HEIGHT, time), width, height: HEIGHT, pts: BigInt(time * time), duration: 3n };
  }
}

async function* from(frames: readonly Frame[]): AsyncGenerator<Frame> {
  await Promise.resolve();
  yield* frames;
}

async function encode(count: number, options = OPTIONS): Promise<{ packets: Packet[]; header: StreamHeader }> {
  await using encoder = await Encoder.create(WIDTH, HEIGHT, options);
  const packets: Packet[] = [];
  for await (const packet of encoder.encode(clip(count))) packets.push(packet);
  return { packets, header: encoderHeader(encoder, { ...sampleHeader, width: WIDTH, height: HEIGHT }) };
}

describe('Encoder', () => {
  test('its packets decode without a problem, checksums included', async () => {
    const count = 50;
    const { packets, header } = await encode(count);
    const shownAt = Array.from({ length: count }, (_, time) => BigInt(time * time));
    expect(packets.map(({ pts }) => pts)).not.toEqual(shownAt);
    expect(packets.map(({ pts }) => pts).sort((a, b) => Number(a - b))).toEqual(shownAt);
    let lastChecksum = 0;
    packets.forEach(({ kind, loopChecksum, pts }, index) => {
      expect(kind).toBe(Math.sqrt(Number(pts)) % 6 === 0 ? 'key' : 'inter');
      if (kind === 'key') expect(loopChecksum).not.toBeNull();
      if (loopChecksum !== null) lastChecksum = index;
      expect(index - lastChecksum).toBeLessThan(16);
    });
    await using decoder = await Decoder.create(header, {
      pack: TINY_PACK,
      device: 'cpu',
      postFilter: 'none',
      strict: true,
    });
    let shown = 0;
    const source = async function* (): AsyncGenerator<Packet> {
      await Promise.resolve();
      yield* packets;
    };
    for await (const frame of decoder.decode(source())) {
      const original = picture('pan', WIDTH, HEIGHT, shown);
      const error = frame.y.reduce((sum, value, i) => sum + (value - original.y[i]!) ** 2, 0) / frame.y.length;
      expect(error).toBeLessThan(250);
      expect([frame.pts, frame.duration]).toEqual([BigInt(shown * shown), 3n]);
      shown++;
    }
    expect(shown).toBe(count);
  });

  test('gives the same bytes every time, with any number of threads', async () => {
    const [first, second] = [await encode(5), await encode(5, { ...OPTIONS, threads: 2 })];
    expect(second.packets).toEqual(first.packets);
  });

  test.each(PRESETS)('the preset %s gives a stream that decodes without loss of frames', async (preset) => {
    const { header, packets } = await encode(20, { ...OPTIONS, preset });
    expect(packets.length).toBe(20);
    await using decoder = await Decoder.create(header, { pack: TINY_PACK, postFilter: 'none', strict: true });
    async function* source(): AsyncGenerator<Packet, void, undefined> {
      await Promise.resolve();
      yield* packets;
    }
    let shown = 0;
    for await (const frame of decoder.decode(source())) {
      const original = picture('pan', WIDTH, HEIGHT, shown++);
      const error = frame.y.reduce((sum, value, i) => sum + (value - original.y[i]!) ** 2, 0) / frame.y.length;
      expect(error).toBeLessThan(250);
    }
    expect(shown).toBe(20);
  });

  test('names the presets where one is wrong', async () => {
    const wrong = Encoder.create(16, 16, { ...OPTIONS, preset: 'placebo' as 'slow' });
    await expect(wrong).rejects.toThrow('preset is placebo: give one of slow, medium, fast, faster, realtime');
  });

  test('no frames make no packets', async () => {
    expect((await encode(0)).packets).toEqual([]);
  });

  test('refuses options out of range and frames of another size', async () => {
    for (const wrong of [
      { quality: 64 },
      { tune: 'ssim' as 'psnr' },
      { preset: 'placebo' as 'slow' },
      { quality: 1.5 },
      { keyint: 0 },
      { threads: 65 },
    ]) {
      await expect(Encoder.create(16, 16, { ...OPTIONS, ...wrong })).rejects.toMatchObject({ name: 'InputError' });
    }
    await using encoder = await Encoder.create(WIDTH, HEIGHT, OPTIONS);
    const run = async (): Promise<void> => {
      for await (const _ of encoder.encode(clip(3, WIDTH + 2))) expect(_).toBeUndefined();
    };
    await expect(run()).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringMatching(/72x46/) as unknown,
    });
  });

  test('refuses planes of another length, and leaves the caller its frames', async () => {
    await using encoder = await Encoder.create(WIDTH, HEIGHT, OPTIONS);
    const frames: Frame[] = [];
    for await (const frame of clip(12)) frames.push(frame);
    const before = frames.map(({ y, u, v }) => [y.slice(), u.slice(), v.slice()]);
    let packets = 0;
    for await (const packet of encoder.encode(from(frames))) packets += packet.tokens.length > 0 ? 1 : 0;
    expect(packets).toBe(12);
    expect(frames.map(({ y, u, v }) => [y, u, v])).toEqual(before);
    const short = { ...frames[0]!, u: frames[0]!.u.subarray(1) };
    await expect(encoder.encode(from([short])).next()).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringMatching(/3220, 804 and 805 samples/) as unknown,
    });
  });

  test('stops when the signal fires', async () => {
    await using encoder = await Encoder.create(WIDTH, HEIGHT, OPTIONS);
    const controller = new AbortController();
    const run = async (): Promise<void> => {
      for await (const packet of encoder.encode(clip(100), { signal: controller.signal })) {
        expect(packet.pts).toBe(0n);
        controller.abort();
      }
    };
    await expect(run()).rejects.toMatchObject({ name: 'CancelledError' });
  });
});
