import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { EnvironmentError, InputError } from '../../../src/errors.js';
import type { Frame } from '../../../src/video/frame.js';
import { openVideo } from '../../../src/video/in/media-reader.js';
import { createVideoSink, type VideoSinkOptions } from '../../../src/video/out/media-writer.js';
import { openSideTracks } from '../../../src/video/side/side-tracks.js';
import { clip, collect, failureOf, makeFolder, makeFrame, makeProperties, psnr, readAll } from '../helpers.js';

/** Decodes a file and writes it again, its side tracks by way of the bytes that a .tsr file would hold. */
async function copy(from: string, to: string, options: VideoSinkOptions = {}): Promise<readonly string[]> {
  await using video = await openVideo(from);
  await using read = await video.side();
  const section = read === null ? null : Buffer.concat(await collect(read.bytes()));
  await using side = section === null ? null : await openSideTracks(section);
  await using sink = await createVideoSink(to, video.properties, { side, ...options });
  for await (const frame of video.frames()) await sink.write(frame);
  await sink.finish();
  return sink.notes;
}

const times = (frames: readonly Frame[]) => frames.map(({ pts, duration }) => [pts, duration]);

describe('everything comes back', () => {
  test.each(['everything.mp4', 'everything.mkv'])('%s in the same container', async (name) => {
    await using folder = await makeFolder();
    const target = folder.join(name);
    expect(await copy(clip(name), target)).toEqual([]);
    const given = await readAll(clip(name));
    const written = await readAll(target);
    expect({ ...written.properties, frameRate: null }).toEqual({ ...given.properties, frameRate: null });
    expect(times(written.frames)).toEqual(times(given.frames));
    given.frames.forEach((frame, index) => {
      expect(psnr(frame.y, written.frames[index]?.y ?? new Uint8Array())).toBeGreaterThan(40);
    });
    const byTrack = (packets: typeof given.packets) =>
      [0, 1, 2].map((track) => packets.filter((packet) => packet.track === track));
    const expected = byTrack(given.packets);
    expect(expected.map(({ length }) => length > 1)).toEqual([true, true, true]);
    expect(byTrack(written.packets)).toEqual(expected);
    const describeHeader = (header: typeof given.header) => ({
      // Tags' names are in capital letters in Matroska.
      tags: Object.entries(header?.tags ?? {}).sort(),
      starts: header?.chapters.map(({ start, tags }) => [start, tags]),
      tracks: header?.tracks.map(({ kind, codec, timeBase, tags, disposition, audio }) => ({
        ...{ kind, codec, timeBase, tags, disposition, audio },
      })),
    });
    expect(describeHeader(written.header)).toEqual(describeHeader(given.header));
    expect(given.header?.chapters.map(({ start, tags }) => [start, tags['title']])).toEqual([
      [0, 'Beginning'],
      [500_000, 'Ende: schön'],
    ]);
  });

  test('chapters keep their ends in Matroska', async () => {
    await using folder = await makeFolder();
    await copy(clip('everything.mkv'), folder.join('a.mkv'));
    const { header } = await readAll(folder.join('a.mkv'));
    expect(header?.chapters.map(({ start, end }) => [start, end])).toEqual([
      [0, 500_000],
      [500_000, 1_500_000],
    ]);
  });

  test('MP4 to Matroska and back: sound bit for bit, text subtitles as text', async () => {
    await using folder = await makeFolder();
    const there = await copy(clip('everything.mp4'), folder.join('a.mkv'));
    expect(there).toEqual([
      'subtitle track 3 (mov_text) is rewritten as subrip',
      'time stamps are rounded to 1 ms: Matroska files have no finer ones',
    ]);
    expect(await copy(folder.join('a.mkv'), folder.join('b.mp4'))).toEqual([
      'subtitle track 3 (subrip) is rewritten as mov_text',
    ]);
    const given = await readAll(clip('everything.mp4'));
    const back = await readAll(folder.join('b.mp4'));
    for (const track of [0, 1]) {
      const data = (packets: typeof given.packets) =>
        packets.filter((packet) => packet.track === track).map((packet) => Buffer.from(packet.data).toString('hex'));
      expect(data(back.packets)).toEqual(data(given.packets));
    }
    const texts = (packets: typeof given.packets) =>
      packets
        .filter(({ track, data }) => track === 2 && data.length > 2)
        .map(({ data }) => Buffer.from(data).subarray(2).toString('utf8'));
    expect(texts(back.packets)).toEqual(['First line', 'Zwölf Boxkämpfer\nsecond line']);
    expect(texts(back.packets)).toEqual(texts(given.packets));
    expect(back.header?.tags).toMatchObject({ title: 'Everything', artist: 'tessera' });
  });
});

describe('containers and codecs', () => {
  test.each([
    ['a.mp4', undefined],
    ['a.mov', undefined],
    ['a.mkv', undefined],
    ['a.webm', undefined],
    ['a.mp4', 'hevc'],
    ['a.mkv', 'av1'],
    ['a.mkv', 'vp9'],
  ] as const)('%s with %s keeps odd sizes, times and the last duration', async (name, videoCodec) => {
    await using folder = await makeFolder();
    const properties = makeProperties(101, 67, { timeBase: { num: 1, den: 1000 }, rotation: 270 });
    const starts = [0, 40, 90, 120, 400];
    const frames = starts.map((ms, index) =>
      makeFrame(101, 67, index, BigInt(ms), BigInt((starts[index + 1] ?? 600) - ms)),
    );
    await using sink = await createVideoSink(folder.join(name), properties, { videoCodec });
    for (const frame of frames) await sink.write(frame);
    await sink.finish();
    const written = await readAll(folder.join(name));
    expect(written.properties).toMatchObject({ width: 101, height: 67, rotation: 270 });
    const seconds = ({ pts, duration }: Frame) => [
      (Number(pts) * written.properties.timeBase.num) / written.properties.timeBase.den,
      (Number(duration) * written.properties.timeBase.num) / written.properties.timeBase.den,
    ];
    expect(written.frames.map(seconds)).toEqual(
      frames.map(({ pts, duration }) => [Number(pts) / 1000, Number(duration) / 1000]),
    );
    frames.forEach((frame, index) => {
      expect(psnr(frame.y, written.frames[index]?.y ?? new Uint8Array())).toBeGreaterThan(35);
      expect(psnr(frame.u, written.frames[index]?.u ?? new Uint8Array())).toBeGreaterThan(35);
    });
  });

  test('ffv1 is lossless, full range and colour included', async () => {
    await using folder = await makeFolder();
    const colour = { primaries: 9, transfer: 16, matrix: 9, fullRange: true, chromaLocation: 3 };
    const properties = makeProperties(51, 33, { colour, timeBase: { num: 1, den: 1000 } });
    const frames = [0, 1, 2].map((index) => makeFrame(51, 33, index, BigInt(index * 40), 40n));
    await using sink = await createVideoSink(folder.join('a.mkv'), properties, { videoCodec: 'ffv1' });
    for (const frame of frames) await sink.write(frame);
    await sink.finish();
    const written = await readAll(folder.join('a.mkv'));
    expect(written.frames).toEqual(frames);
    expect(written.properties.colour).toEqual(colour);
  });

  test('a time base that is no whole number of ticks, and a late first frame', async () => {
    await using folder = await makeFolder();
    const properties = makeProperties(64, 48, { timeBase: { num: 1001, den: 30000 } });
    const frames = [7, 8, 10].map((pts) => makeFrame(64, 48, pts, BigInt(pts), 1n));
    await using sink = await createVideoSink(folder.join('a.mp4'), properties);
    for (const frame of frames) await sink.write(frame);
    await sink.finish();
    const written = await readAll(folder.join('a.mp4'));
    expect(written.properties.timeBase).toEqual({ num: 1, den: 30000 });
    expect(written.frames.map(({ pts }) => pts)).toEqual([7n * 1001n, 8n * 1001n, 10n * 1001n]);
    expect(written.frames.at(-1)?.duration).toBe(1001n);
  });

  test('y4m and PNG pictures', async () => {
    await using folder = await makeFolder();
    expect(await copy(clip('everything.mkv'), folder.join('a.y4m'))).toEqual([
      '3 sound or other tracks are left out: this kind of output has pictures only',
      'the video is to be turned by 90 degrees: y4m cannot say so',
    ]);
    const given = await readAll(clip('everything.mkv'));
    const y4m = await readAll(folder.join('a.y4m'));
    expect(y4m.frames.map(({ y, u, v }) => [y, u, v])).toEqual(given.frames.map(({ y, u, v }) => [y, u, v]));
    await copy(clip('odd-101x67.webm'), folder.join('pictures/'));
    const names = await readdir(folder.join('pictures'));
    expect(names).toHaveLength(10);
    expect(names[0]).toBe('pictures-00001.png');
    await copy(clip('one-frame.mp4'), folder.join('one.png'));
    expect((await readFile(folder.join('one.png'))).toString('latin1', 1, 4)).toBe('PNG');
    expect((await failureOf(copy(clip('odd-101x67.webm'), folder.join('many.png')))).message).toMatch(
      /holds one picture/,
    );
    expect((await readdir(folder.path)).sort()).toEqual(['a.y4m', 'one.png', 'pictures']);
  });
});

describe('what cannot be written is refused and leaves nothing', () => {
  const properties = makeProperties(64, 48);

  test('names, codecs, existing files, the input itself', async () => {
    await using folder = await makeFolder();
    const failure = async (name: string, options: VideoSinkOptions = {}) =>
      failureOf(createVideoSink(folder.join(name), properties, options));
    expect((await failure('a.xyz')).message).toMatch(/end its name with one of/);
    expect((await failure('a.webm', { videoCodec: 'h264' })).message).toMatch(/webm files cannot hold h264/);
    expect((await failure('none/a.mp4')).message).toMatch(/folder .* does not exist/);
    await writeFile(folder.join('there.mp4'), 'x');
    expect((await failure('there.mp4')).message).toMatch(/exists already; use -y/);
    await symlink(folder.join('there.mp4'), folder.join('link.mp4'));
    const inputs = [folder.join('there.mp4')];
    expect((await failure('link.mp4', { inputs, overwrite: true })).message).toMatch(/is the input itself/);
    await mkdir(folder.join('folder.y4m'));
    expect((await failure('folder.y4m', { overwrite: true })).message).toMatch(/is a folder/);
    expect((await readdir(folder.path)).sort()).toEqual(['folder.y4m', 'link.mp4', 'there.mp4']);
    expect(await readFile(folder.join('there.mp4'), 'utf8')).toBe('x');
  });

  test('sound that WebM cannot hold', async () => {
    await using folder = await makeFolder();
    const error = await failureOf(copy(clip('everything.mp4'), folder.join('a.webm')));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toBe('.webm cannot hold audio track 1 (aac); write .mkv or .mp4 instead');
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('aborting, disposing and frames of another size', async () => {
    await using folder = await makeFolder();
    for (const name of ['a.mp4', 'a.y4m', 'a.mkv', 'b/']) {
      await using sink = await createVideoSink(folder.join(name), properties);
      await sink.write(makeFrame(64, 48, 0));
      expect(await failureOf(sink.write(makeFrame(32, 48, 1)))).toBeInstanceOf(InputError);
      await sink.abort();
    }
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('a full disk', async () => {
    // /dev/full takes nothing; other systems have no such device.
    if (process.platform !== 'linux') return;
    await using sink = await createVideoSink('/dev/full', properties).catch(() => null);
    expect(sink).toBeNull();
    await using folder = await makeFolder();
    await symlink('/dev/full', folder.join('a.mp4'));
    const write = async () => {
      await using full = await createVideoSink(folder.join('a.mp4'), properties);
      for (let index = 0; index < 5; index++) await full.write(makeFrame(64, 48, index));
      await full.finish();
    };
    expect(await failureOf(write())).toBeInstanceOf(EnvironmentError);
  });
});
