import { beforeAll, describe, expect, test } from '@jest/globals';
import { SequenceEncoder, type EncodedFrame } from '../../../../src/codec/transform/encoder/sequence-encoder.js';
import { AVERAGE, Geometry, INTER8 } from '../../../../src/codec/transform/frame-tokens.js';
import { PictureDecoder } from '../../../../src/codec/transform/picture-decoder.js';
import { TokenCodec } from '../../../../src/codec/transform/token-codec.js';
import { Kernels } from '../../../../src/kernels/kernels.js';
import type { Network } from '../../../../src/model/network.js';
import type { PackTables } from '../../../../src/codec/transform/pack-tables.js';
import type { Planes, TimedPicture } from '../../../../src/codec/planes.js';
import type { Preset, Tune } from '../../../../src/codec/sequence-options.js';
import { crc32c } from '../../../../src/platform/checksums.js';
import { picture } from '../../clips.js';
import { exactGraphs, tinyPack, tinyTables } from '../../tiny.js';

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

/** Encodes `scenes.length` frames; the number says which scene each belongs to. */
async function encode(
  scenes: readonly number[],
  keyint: number,
  quality = 20,
  loopFilter: Network | null = null,
  preset: Preset = 'medium',
): Promise<EncodedFrame[]> {
  const geometry = new Geometry(80, 64);
  const options = { quality, keyint, tune: 'psnr', preset } as const;
  const encoder = new SequenceEncoder(new Kernels(), geometry, tables, loopFilter, options);
  const results: EncodedFrame[] = [];
  for (const [time, scene] of scenes.entries()) {
    encoder.push(picture('pan', 80, 64, time, 3 * scene));
    while (encoder.isReady(false)) results.push(await encoder.next());
  }
  while (encoder.isReady(true)) results.push(await encoder.next());
  return results;
}

function keys(frames: readonly EncodedFrame[]): number[] {
  return frames.flatMap(({ header, display }) => (header.kind === 'key' ? [display] : []));
}

describe('key frames', () => {
  test('the first, then one every keyint frames', async () => {
    expect(keys(await encode([0, 0, 0, 0, 0, 0, 0], 3))).toEqual([0, 3, 6]);
    expect(keys(await encode([0, 0, 0], 1))).toEqual([0, 1, 2]);
    expect(keys(await encode([0, 0, 0, 0, 0], 250))).toEqual([0]);
  });

  test('a scene cut makes one, from which keyint counts anew', async () => {
    expect(keys(await encode([0, 0, 1, 1, 1, 1, 1, 1], 4))).toEqual([0, 2, 6]);
  });

  test('a single frame is a key frame', async () => {
    const frames = await encode([0], 250);
    expect(frames.map(({ header }) => header.kind)).toEqual(['key']);
  });
});

describe('chunks', () => {
  /** Place, kind and a checksum of each frame. */
  async function encodeScenes(
    scenes: readonly number[],
    from: number,
    to: number,
    options: { readonly tune: Tune; readonly preset: Preset; readonly isChunk: boolean },
  ): Promise<string[]> {
    const encoder = new SequenceEncoder(new Kernels(), new Geometry(48, 32), tables, null, {
      ...{ quality: 22, keyint: 12 },
      ...options,
    });
    const results: EncodedFrame[] = [];
    for (let time = from; time < to; time++) {
      encoder.push(picture('pan', 48, 32, time, 3 * scenes[time]!));
      while (encoder.isReady(false)) results.push(await encoder.next());
    }
    while (encoder.isReady(true)) results.push(await encoder.next());
    return results.map(({ display, header, tokens, loop }) => {
      const { pts, ...head } = header;
      const bytes = [...Object.values(tokens.arrays()), loop.y, loop.u, loop.v].map(
        ({ buffer, byteOffset, byteLength }) => crc32c(new Uint8Array(buffer, byteOffset, byteLength)),
      );
      return `${display + from} ${pts} ${JSON.stringify(head)} ${bytes.join(' ')}`;
    });
  }

  test.each<[Tune, Preset]>([
    ['psnr', 'medium'],
    ['lpips', 'medium'],
    ['psnr', 'realtime'],
  ])('coded apart they are the same as in one run, tuned for %s with the preset %s', async (tune, preset) => {
    // Cuts before frames 5, 30 and 31; keyint makes the other key frames.
    const scenes = Array.from({ length: 50 }, (_, time) => (time < 5 ? 0 : time < 30 ? 1 : time === 30 ? 2 : 0));
    const whole = await encodeScenes(scenes, 0, 50, { tune, preset, isChunk: false });
    const starts = whole.flatMap((line) => (line.includes('"key"') ? [parseInt(line)] : []));
    expect(starts).toEqual([0, 5, 17, 29, 31, 43]);
    const parts: string[] = [];
    for (const [chunk, start] of starts.entries()) {
      parts.push(...(await encodeScenes(scenes, start, starts[chunk + 1] ?? 50, { tune, preset, isChunk: true })));
    }
    expect(parts).toEqual(whole);
  });
});

describe('quality', () => {
  test('frames that later ones depend on get more, and never more than 63', async () => {
    const frames = await encode([0, 0, 0, 0, 0, 0, 0, 0], 250, 20);
    const q = frames.map(({ header }) => header.q);
    expect(q[0]).toBeGreaterThan(20);
    for (const { header } of frames) {
      if (header.kind === 'key') continue;
      expect(header.q).toBeLessThanOrEqual(q[0]!);
      if (header.refreshSlot === null) expect(header.q).toBeLessThan(Math.max(...q.slice(1)));
    }
    expect((await encode([0, 0, 0, 0], 250, 62)).every(({ header }) => header.q <= 63)).toBe(true);
  });

  test('key frames that nothing depends on get none', async () => {
    expect((await encode([0, 0, 0], 1, 20)).map(({ header }) => header.q)).toEqual([20, 20, 20]);
  });
});

describe('order', () => {
  test('frames between anchors come after them and know their place', async () => {
    const frames = await encode(Array<number>(10).fill(0), 250);
    expect(frames.map(({ display }) => display).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Anchors alternate between slots 0 and 1.
    const between = frames.filter(({ header }) => header.refreshSlot === null || header.refreshSlot > 1);
    expect(between.length).toBeGreaterThan(0);
    const last = Math.max(...between.map(({ display }) => display));
    const position = frames.findIndex(({ display }) => display === last);
    expect(frames.slice(0, position).some(({ display }) => display > last)).toBe(true);
  });

  test('predictions from both sides are used', async () => {
    const frames = await encode(Array<number>(9).fill(0), 250);
    const used = new Set(frames.flatMap(({ tokens }) => Array.from(tokens.referenceIndex)));
    expect(used.has(AVERAGE)).toBe(true);
  });

  test.each([[1], [2], [5], [8], [11]])(
    '%i frames, a scene cut in a pyramid: loop pictures are those of a decoder',
    async (cut) => {
      const scenes = Array.from({ length: 12 }, (_, index) => (index < cut ? 0 : 2));
      const geometry = new Geometry(80, 64);
      const { first, second, loopFilter } = await exactGraphs(await tinyPack);
      const frames = await encode(scenes, 250, 26, loopFilter);
      const writer = new TokenCodec(geometry, tables, { first, second });
      const reader = new TokenCodec(geometry, tables, { first, second });
      const decoder = new PictureDecoder(new Kernels(), geometry, tables, loopFilter);
      for (const { header, tokens, loop } of frames) {
        const read = await reader.read(header, (await writer.write(header, tokens)).slice());
        expect(await decoder.decode(header, read)).toEqual(loop);
      }
      expect(keys(frames)).toEqual([0, cut]);
    },
  );
});

describe('presets', () => {
  const scenes = new Array<number>(33).fill(0);

  test('realtime needs fewer frames of look-ahead, and its mini-GOPs have eight frames', async () => {
    const frames = await encode(scenes, 250, 26, null, 'realtime');
    expect(frames.slice(0, 3).map(({ display }) => display)).toEqual([0, 8, 4]);
    const options = { quality: 26, keyint: 250, tune: 'lpips', preset: 'realtime' } as const;
    const encoder = new SequenceEncoder(new Kernels(), new Geometry(80, 64), tables, null, options);
    for (let time = 0; time < 20; time++) encoder.push(picture('pan', 80, 64, time));
    expect(encoder.isReady(false)).toBe(true);
  });

  test('faster splits no macroblock into four motions', async () => {
    for (const { tokens } of await encode(scenes.slice(0, 17), 250, 30, null, 'faster')) {
      expect(tokens.type.includes(INTER8)).toBe(false);
    }
  });
});

describe('temporal filter', () => {
  const geometry = new Geometry(80, 64);
  type CodedFrame = EncodedFrame & { readonly source: Planes };

  /** Encodes pictures of 80x64. */
  async function encodePictures(pictures: readonly TimedPicture[], quality: number, tune: Tune): Promise<CodedFrame[]> {
    const encoder = new SequenceEncoder(new Kernels(), geometry, tables, null, { quality, keyint: 250, tune });
    for (const picture of pictures) encoder.push(picture);
    const results: CodedFrame[] = [];
    while (encoder.isReady(true)) {
      const frame = await encoder.next();
      results.push({ ...frame, source: frame.readSource() });
    }
    return results;
  }

  /** Frames of a still scene, each with noise of its own. */
  function noisy(count: number): TimedPicture[] {
    const { y, ...still } = picture('pan', 80, 64, 0);
    return Array.from({ length: count }, (_, time) => {
      const noise = picture('noise', 80, 64, time).y;
      const grainy = y.map((value, at) => Math.max(0, Math.min(255, value + (noise[at]! >> 4) - 8)));
      return { ...still, y: grainy, pts: BigInt(time) };
    });
  }

  const isSource = ({ source, picture }: CodedFrame): boolean => source.y.every((value, at) => value === picture.y[at]);

  test('changes frames that many others are predicted from, and no others', async () => {
    const frames = await encodePictures(noisy(12), 24, 'psnr');
    expect(isSource(frames[0]!)).toBe(false);
    for (const frame of frames) if (frame.header.refreshSlot === null) expect(isSource(frame)).toBe(true);
  });

  test('is off where the settings have none', async () => {
    expect((await encodePictures(noisy(12), 24, 'lpips')).every(isSource)).toBe(true);
  });

  test('does not look across a scene cut, even where any difference is allowed', async () => {
    const still = (scene: number): TimedPicture => picture('pan', 80, 64, 0, scene);
    const scenes = Array.from({ length: 12 }, (_, time) => ({ ...still(time < 6 ? 0 : 6), pts: BigInt(time) }));
    const frames = await encodePictures(scenes, 0, 'psnr');
    expect(keys(frames)).toEqual([0, 6]);
    expect(frames.some(({ header }) => header.q >= 2)).toBe(true);
    expect(frames.every(isSource)).toBe(true);
  });
});

test('waits for a look-ahead, which large pictures shorten', () => {
  const small = new SequenceEncoder(new Kernels(), new Geometry(16, 16), tables, null, {
    quality: 1,
    keyint: 9,
    tune: 'lpips',
  });
  for (let time = 0; time < 40; time++) {
    expect(small.isReady(false)).toBe(false);
    small.push(picture('black', 16, 16, time));
    expect(small.isReady(true)).toBe(true);
  }
  expect(small.isReady(false)).toBe(true);
});
