import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Codec, CodecClip, CodecTask } from '../../codecs/codec.js';
import { describeLosses, drawLosses, splitLosses } from '../../codecs/loss-pattern.js';
import { withLosses } from '../../codecs/with-losses.js';
import type { Frame } from '../../src/video/frame.js';
import { Folder } from '../cli/helpers.js';
import { TINY_LOOKUP_FREE_PACK, TINY_PACK } from '../support/packs.js';
import { collect } from '../video/helpers.js';
import { findCodec } from './built.js';
import { movingClip } from './clips.js';

/** Positions of lost packets; those of `keys` are key packets. */
function lostPackets(
  pattern: Parameters<typeof drawLosses>[0],
  packets: number,
  keys: readonly number[] = [],
  clip = 'clip',
): number[] {
  const isLost = drawLosses(pattern, clip);
  return Array.from({ length: packets }, (_, at) => at).filter((at) => isLost(keys.includes(at)));
}

describe('the packets that are lost', () => {
  test('are those of the seed', () => {
    const pattern = { rate: 0.1, burst: 1, seed: 3 };
    expect(lostPackets(pattern, 500)).toEqual(lostPackets(pattern, 500));
    expect(lostPackets(pattern, 500)).not.toEqual(lostPackets({ ...pattern, seed: 4 }, 500));
    expect(lostPackets(pattern, 500)).not.toEqual(lostPackets(pattern, 500, [], 'other clip'));
    // Of a longer file, the same ones and more.
    expect(lostPackets(pattern, 900).filter((at) => at < 500)).toEqual(lostPackets(pattern, 500));
    expect(lostPackets({ ...pattern, rate: 0.2 }, 500)).toEqual(expect.arrayContaining(lostPackets(pattern, 500)));
  });

  test.each([
    [0.01, 1],
    [0.05, 1],
    [0.1, 1],
    [0.05, 5],
    [0.5, 5],
  ])('are the wanted share: %f in bursts of %i', (rate, burst) => {
    const packets = 200_000;
    const lost = lostPackets({ rate, burst, seed: 0 }, packets);
    expect(Math.abs(lost.length / packets / rate - 1)).toBeLessThan(0.05);
    const starts = lost.filter((at, index) => lost[index - 1] !== at - 1);
    const runs = starts.map((at, index) => lost.indexOf(starts[index + 1] ?? Infinity) - lost.indexOf(at));
    // A burst may follow another one at once. The last run may be cut.
    expect(runs.slice(0, Math.min(200, runs.length - 1)).every((length) => length % burst === 0)).toBe(true);
  });

  test('are never the first one or a key packet', () => {
    for (let seed = 0; seed < 20; seed++) {
      const pattern = { rate: 0.9, burst: 5, seed };
      const keys = [0, 100, 101, 102];
      const lost = lostPackets(pattern, 300, keys);
      expect(lost.length).toBeGreaterThan(200);
      expect(lost.filter((at) => keys.includes(at))).toEqual([]);
      // All others are lost as if there were no key packets.
      expect(lost).toEqual(lostPackets(pattern, 300).filter((at) => !keys.includes(at)));
      expect(lostPackets(pattern, 300)[0]).toBeGreaterThan(0);
    }
  });
});

describe('a name with losses', () => {
  test.each([
    ['x265:medium', 'x265:medium', null],
    ['x265:medium+lpips', 'x265:medium+lpips', null],
    ['x265:medium+loss=0.05', 'x265:medium', { rate: 0.05, burst: 1, seed: 0 }],
    ['x265:medium,bf=0+loss=.05x5', 'x265:medium,bf=0', { rate: 0.05, burst: 5, seed: 0 }],
    ['tessera-nano+loss=0.05:7', 'tessera-nano', { rate: 0.05, burst: 1, seed: 7 }],
    ['C:\\packs\\mine:none+resilient+loss=0.1x3:2', 'C:\\packs\\mine:none+resilient', { rate: 0.1, burst: 3, seed: 2 }],
  ])('%s', (name, codec, losses) => {
    expect(splitLosses(name)).toEqual({ codec, losses });
  });

  test.each([
    'x265:medium+loss',
    'x265:medium+loss=',
    'x265:medium+loss=0',
    'x265:medium+loss=1',
    'x265:medium+loss=5%',
    'x265:medium+loss=0.05x0',
    'x265:medium+loss=0.05x1.5',
    'x265:medium+loss=0.05:-1',
    'x265:medium+loss=0.05:99999999999',
    'x265:medium+loss=0.05,tune=psnr',
  ])('%s is refused', async (name) => {
    const message = `cannot read '${name.slice(11)}' in the codec ${name}: end the name with +loss=0.05 (`;
    expect(() => splitLosses(name)).toThrow(message);
    await expect(findCodec(name)).rejects.toThrow(message);
  });

  test('needs a codec that can decode on', async () => {
    await expect(findCodec('x265:medium+lpips+loss=0.05')).rejects.toThrow(
      'x265:medium+lpips cannot be measured with lost packets: +loss works with model packs',
    );
    await expect(findCodec('mpeg9+loss=0.05')).rejects.toThrow("there is no codec 'mpeg9'");
  });

  test('is told in the title, the details and the command', async () => {
    const codec = await findCodec('x264:medium+loss=0.05x5:3');
    expect(await codec.describe()).toMatchObject({
      title: 'x264 medium, 5 % of packets lost in bursts of 5, seed 3',
      details: { preset: 'medium', losses: '5 % of packets lost in bursts of 5, seed 3' },
    });
    expect(codec.command(movingClip(2, 2, 1), { setting: 30, keyint: 250, threads: 0 })).toMatch(
      /^ffmpeg .* ramp\.mkv # with 5 % of packets lost in bursts of 5, seed 3$/,
    );
    expect(describeLosses({ rate: 0.07, burst: 1, seed: 0 })).toBe('7 % of packets lost, seed 0');
  });
});

const task: CodecTask = { setting: 30, keyint: 250, threads: 0 };
const clip = movingClip(96, 64, 24);
let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Whether two frames show the same picture. */
function isSame(a: Frame | undefined, b: Frame | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a.y, b.y) === 0;
}

const NUMBERS = Array.from({ length: 24 }, (_, index) => BigInt(index));

describe.each([
  [`${TINY_PACK}:none`, 30],
  [`${TINY_PACK}:none+resilient`, 30],
  [`${TINY_LOOKUP_FREE_PACK}:resilient`, 8],
  ['x264:ultrafast', 30],
  ['x264:medium', 30],
  ['x265:medium', 30],
])('%s with lost packets', (name, setting) => {
  const file = (): string => folder.join(name.replaceAll(/\W/g, '_'));
  const own = { ...task, setting };

  test('shows a picture at each frame, with the bits of the whole file', async () => {
    const [plain, lossy] = [await findCodec(name), await findCodec(`${name}+loss=0.2`)];
    await lossy.encode(clip, own, file());
    const whole = await collect(plain.decode(file(), clip, own));
    const shown = await collect(lossy.decode(file(), clip, own));
    expect(shown.map(({ pts }) => pts)).toEqual(NUMBERS);
    expect(isSame(shown[0], whole[0])).toBe(true);
    expect(shown.every((frame, index) => isSame(frame, whole[index]))).toBe(false);
    expect(await lossy.countPayloadBits(file())).toBe(await plain.countPayloadBits(file()));
    const again = await collect(lossy.decode(file(), clip, own));
    expect(again.map(({ y, u, v }) => [y, u, v])).toEqual(shown.map(({ y, u, v }) => [y, u, v]));
  }, 60_000);

  test('decodes all pictures in front of a loss, and asks once for each packet', async () => {
    const plain = await findCodec(name);
    const whole = await collect(plain.decode(file(), clip, own));
    const keys: boolean[] = [];
    const lastLost = (isKey: boolean): boolean => keys.push(isKey) === 24;
    const pictures = await collect(plain.decodeLossy!(file(), clip, own, lastLost));
    expect(keys).toEqual(NUMBERS.map((at) => at === 0n));
    expect(pictures).toHaveLength(23);
    expect(pictures.every(({ y, pts }) => Buffer.compare(y, whole[Number(pts)]!.y) === 0)).toBe(true);
  }, 60_000);
});

test('a resilient stream is decoded on behind a loss, a usual one is not', async () => {
  const pictures: number[] = [];
  for (const name of [`${TINY_PACK}:none`, `${TINY_PACK}:none+resilient`]) {
    const codec = await findCodec(name);
    const file = folder.join(`on-${pictures.length}`);
    await codec.encode(clip, task, file);
    let packet = 0;
    const frames = await collect(codec.decodeLossy!(file, clip, task, () => packet++ === 1));
    pictures.push(new Set(frames.map(({ y }) => Buffer.from(y).toString('base64'))).size);
  }
  expect(pictures[0]).toBe(1);
  expect(pictures[1]).toBeGreaterThan(15);
});

test('resilient is a variant of a pack', async () => {
  const codec = await findCodec('tessera-nano:none+resilient,tune=psnr');
  expect(await codec.describe()).toMatchObject({
    title: 'tessera-nano, post-filter none, resilient, tuned for psnr',
    details: { 'post-filter': 'none', tune: 'psnr', stream: 'resilient' },
  });
  expect(codec.command(clip, task)).toContain(' --tune psnr --resilient --keyint 250 ');
  expect((await (await findCodec('tessera-nano:resilient')).describe()).title).toMatch(/, post-filter \w+, resilient$/);
  for (const variant of ['resilient+none', 'none+resilient+resilient', '+resilient', 'resilient+best']) {
    await expect(findCodec(`tessera-nano:${variant}`)).rejects.toThrow(
      /, resilient, or both with \+ between them, then/,
    );
  }
});

describe('what a viewer sees', () => {
  const [template] = [movingClip(2, 2, 1)];

  /** Luma of what is shown for frames with these numbers; each has its number as luma. */
  async function shownOf(numbers: readonly number[], frameCount: number): Promise<number[]> {
    const frames: CodecClip['frames'] = async function* () {
      for await (const frame of template.frames()) {
        for (const at of numbers) yield { ...frame, y: new Uint8Array(4).fill(at), pts: BigInt(at) };
      }
    };
    const codec = { settingName: 'none', defaultSettings: [1], decodeLossy: frames } as unknown as Codec;
    const lossy = withLosses(codec, 'mine', { rate: 0.1, burst: 1, seed: 0 });
    const shown = await collect(lossy.decode('file', { ...template, frameCount }, task));
    expect(shown.map(({ pts }) => Number(pts))).toEqual(shown.map((_, index) => index));
    return shown.map(({ y }) => y[0]!);
  }

  test('where a frame is missing is the one before', async () => {
    expect(await shownOf([0, 1, 2], 3)).toEqual([0, 1, 2]);
    expect(await shownOf([0, 2, 5], 8)).toEqual([0, 0, 2, 2, 2, 5, 5, 5]);
  });

  test('is no frame that comes too late', async () => {
    expect(await shownOf([0, 3, 2, 3, 4], 5)).toEqual([0, 0, 0, 3, 4]);
  });

  test('is nothing without a first picture', async () => {
    await expect(shownOf([1, 2], 3)).rejects.toThrow('the first picture is missing');
    await expect(shownOf([], 3)).rejects.toThrow('no picture can be decoded');
  });
});
