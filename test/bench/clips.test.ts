import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { findClips } from '../../bench/clips/find-clips.js';
import { planClip, type ClipLimits } from '../../bench/clips/clip-plan.js';
import { prepareClip } from '../../bench/clips/prepare-clip.js';
import { clipSeconds, readPreparedClip } from '../../bench/clips/prepared-clip.js';
import { clip, Folder } from '../cli/helpers.js';
import { collect, readAll } from '../video/helpers.js';

const ALL: ClipLimits = { frames: null, size: null };
let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
  await mkdir(folder.join('clips', 'deep'), { recursive: true });
  for (const name of ['a10.y4m', 'a2.mkv', 'notes.txt', '.hidden.mkv', 'deep/a2.mkv']) {
    await writeFile(folder.join('clips', name), '');
  }
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A clip that is read, cut and scaled. */
async function prepare(file: string, limits: ClipLimits = ALL) {
  const [found] = await findClips([file]);
  const plan = await planClip(found!, limits, undefined);
  const frames = folder.join(`${Math.random()}.yuv`);
  const { clip: prepared, notes } = await prepareClip(plan, frames);
  return { plan, notes, prepared, read: await readPreparedClip(frames) };
}

describe('finding clips', () => {
  test('in a folder, by patterns, each under a name of its own', async () => {
    const inFolder = (await findClips([folder.join('clips')])).map(({ name }) => name);
    expect(inFolder).toEqual(['a2', 'a10']);
    const deep = (await findClips([folder.join('clips', '**', '*.mkv')])).map(({ name }) => name);
    expect(deep).toEqual(['a2', 'a2-2']);
    const one = await findClips([folder.join('clips', 'a?.mkv'), folder.join('clips', 'a2.mkv')]);
    expect(one.map(({ file }) => file)).toEqual([folder.join('clips', 'a2.mkv')]);
  });

  test.each([
    [() => [folder.join('none.mkv')], /none\.mkv does not exist/],
    [() => [folder.join('clips', '*.mp4')], /no file fits .*\*\.mp4/],
    [() => ['docs'], /the folder docs holds no videos .* and no pictures/],
    [() => [], /there is no clip/],
  ])('that are not there', async (places, message) => {
    await expect(findClips(places())).rejects.toThrow(message);
  });
});

describe('the frames of a clip', () => {
  test('are those of the file', async () => {
    const { plan, prepared, read, notes } = await prepare(clip('everything.mkv'));
    const { frames } = await readAll(clip('everything.mkv'));
    expect(await collect(read.frames())).toEqual(frames);
    expect(plan.source.isWhole).toBe(true);
    expect(notes).toContain('its frame rate varies: encoders of FFmpeg see its frames at the mean rate');
    expect(clipSeconds(prepared)).toBeCloseTo(1.24, 6);
  });

  test('of odd size are cut to even sizes', async () => {
    const { plan, read, notes } = await prepare(clip('odd-101x67.webm'));
    expect(read.properties).toMatchObject({ width: 100, height: 66 });
    expect(notes).toContain('cut from 101x67 to 100x66: encoders take even sizes only');
    expect(plan.source.ffmpegArguments).toContain('crop=100:66:0:0');
    const [{ frames }, cut] = [await readAll(clip('odd-101x67.webm')), await collect(read.frames())];
    expect(cut).toHaveLength(frames.length);
    expect([...cut[3]!.y.subarray(100, 104)]).toEqual([...frames[3]!.y.subarray(101, 105)]);
  });

  test('can be fewer and scaled; one frame will do', async () => {
    const { plan, read, notes } = await prepare(clip('everything.mp4'), { frames: 3, size: { width: 80, height: 64 } });
    expect((await collect(read.frames())).map(({ width, height }) => [width, height])).toEqual(Array(3).fill([80, 64]));
    expect(notes).toContain('the aspect of the picture changes with its size');
    expect(plan.source.ffmpegArguments.join(' ')).toMatch(/-vf scale=80:64:flags=\S+ -frames:v 3 -an$/);
    expect((await prepare(clip('one-frame.mp4'))).read.frameCount).toBe(1);
  });
});

const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux('a full disk is told of', async () => {
  const [found] = await findClips([clip('everything.mkv')]);
  const plan = await planClip(found!, ALL, undefined);
  await expect(prepareClip(plan, '/dev/full')).rejects.toThrow(/the disk is full/);
});

describe('raw video', () => {
  const raw = { file: 'raw.yuv', width: 16, height: 8, frameRate: '30000/1001' };
  const describeRaw = async (description: unknown): Promise<string> => {
    await writeFile(folder.join('raw.yuv'), new Uint8Array(16 * 8 * 1.5 * 2).fill(77));
    await writeFile(folder.join('raw.json'), JSON.stringify(description));
    return folder.join('raw.json');
  };

  test('is read as its description says', async () => {
    const { read, plan } = await prepare(await describeRaw({ ...raw, colour: { matrix: 1 } }));
    expect(read).toMatchObject({ frameCount: 2, properties: { frameRate: { num: 30000, den: 1001 } } });
    expect(read.properties.colour).toMatchObject({ matrix: 1, primaries: 2, fullRange: false });
    expect((await collect(read.frames()))[1]!.u).toEqual(new Uint8Array(32).fill(77));
    expect(plan.source.ffmpegArguments.slice(0, 4)).toEqual(['-f', 'rawvideo', '-pix_fmt', 'yuv420p']);
  });

  test.each([
    [{ ...raw, fps: 3 }, /does not describe a raw video: there is no key fps/],
    [{ ...raw, width: 0 }, /does not describe a raw video: width: /],
    [{ ...raw, pixelFormat: 'yuv444p' }, /pixelFormat: /],
    [{ ...raw, width: 24 }, /has 384 bytes, which is no whole number of 24x8 pictures/],
    [{ ...raw, file: 'gone.yuv' }, /names pictures that cannot be read/],
  ])('%j is refused', async (description, message) => {
    await expect(prepare(await describeRaw(description))).rejects.toThrow(message);
  });
});
