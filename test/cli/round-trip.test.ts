import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { clip, Folder, jsonLines, tessera, tesseraTiny } from './helpers.js';
import { psnr, readAll } from '../video/helpers.js';

let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('compress and decompress', () => {
  test('a file with two audio tracks, subtitles, chapters, rotation and uneven frame times comes back', async () => {
    const [stream, back] = [folder.join('everything.tsr'), folder.join('back.mp4')];
    const source = await readAll(clip('everything.mp4'));
    const compressed = await tesseraTiny(['compress', clip('everything.mp4'), stream, '-q', '45']);
    expect(compressed).toMatchObject({ exitCode: 0, stdout: '' });
    expect(compressed.stderr).toMatch(/^tessera: .*everything\.tsr: 20 frames of 160x96, [\d,]+ bytes .*second$/);
    const decompressed = await tesseraTiny(['decompress', stream, back, '--post-filter', 'none']);
    expect(decompressed).toMatchObject({ exitCode: 0, stdout: '' });

    const result = await readAll(back);
    expect(result.properties).toMatchObject({ width: 160, height: 96, rotation: 90, sampleAspect: { num: 4, den: 3 } });
    expect(result.frames.map(({ pts, duration }) => [pts, duration])).toEqual(
      source.frames.map(({ pts, duration }) => [pts, duration]),
    );
    expect(result.header?.tracks.map(({ kind, codec }) => [kind, codec])).toEqual(
      source.header?.tracks.map(({ kind, codec }) => [kind, codec]),
    );
    expect(result.header?.chapters.map(({ start, tags }) => [start, tags['title']])).toEqual(
      source.header?.chapters.map(({ start, tags }) => [start, tags['title']]),
    );
    const sound = ({ packets, header }: typeof source): string[] =>
      packets
        .filter(({ track }) => header?.tracks[track]?.kind === 'audio')
        .map(({ track, data }) => `${track} ${Buffer.from(data).toString('base64')}`)
        .sort();
    expect(sound(source).length).toBeGreaterThan(50);
    expect(sound(result)).toEqual(sound(source));
    for (const [index, { y }] of source.frames.entries()) expect(psnr(y, result.frames[index]!.y)).toBeGreaterThan(20);
  });

  test('odd sizes come back losslessly through ffv1: what the codec gives is what the file holds', async () => {
    const [stream, first, second] = [folder.join('odd.tsr'), folder.join('a.mkv'), folder.join('b.y4m')];
    expect(await tesseraTiny(['compress', clip('odd-101x67.webm'), stream])).toMatchObject({ exitCode: 0 });
    expect(await tesseraTiny(['decompress', stream, first, '--video-codec', 'ffv1'])).toMatchObject({ exitCode: 0 });
    expect(await tesseraTiny(['decompress', stream, second])).toMatchObject({ exitCode: 0 });
    const [a, b] = [await readAll(first), await readAll(second)];
    expect(a.properties).toMatchObject({ width: 101, height: 67 });
    expect(b.frames.map(({ y, u, v }) => [y, u, v])).toEqual(a.frames.map(({ y, u, v }) => [y, u, v]));
  });

  test('a part of it: --start and --duration begin at time 0, with the sound that belongs to it', async () => {
    const [stream, part] = [folder.join('keys.tsr'), folder.join('part.mkv')];
    const source = await readAll(clip('everything.mkv'));
    expect(await tesseraTiny(['compress', clip('everything.mkv'), stream, '--keyint', '4'])).toMatchObject({
      exitCode: 0,
    });
    const cut = await tesseraTiny(['decompress', stream, part, '--start', '0.5', '--duration', '0.4s']);
    expect(cut).toMatchObject({ exitCode: 0 });
    const result = await readAll(part);
    const milliseconds = source.frames.map(({ pts }) => Number(pts));
    const wanted = milliseconds.filter((time) => time >= 500);
    const expected = wanted.filter((time) => time < wanted[0]! + 400).map((time) => time - wanted[0]!);
    expect(result.frames.map(({ pts }) => Number(pts))).toEqual(expected);
    const audio = result.packets.filter(({ track }) => result.header?.tracks[track]?.kind === 'audio');
    expect(audio.length).toBeGreaterThan(10);
    for (const { pts } of audio) {
      expect(Number(pts)).toBeGreaterThanOrEqual(0);
      expect(Number(pts)).toBeLessThan(400);
    }
  });

  test('10-bit 4:2:2 and RGB are converted with one line that says so', async () => {
    for (const [name, note] of [
      ['ten-bit-422.mkv', /note: converted 10-bit 4:2:2 .* to 8-bit 4:2:0/],
      ['rgb.mkv', /note: converted 8-bit RGB .* to 8-bit 4:2:0/],
    ] as const) {
      const run = await tesseraTiny(['compress', clip(name), folder.join(`${name}.tsr`)]);
      expect(run.exitCode).toBe(0);
      expect(run.stderr).toMatch(note);
      expect(run.stderr.split('\n')).toHaveLength(2);
    }
  });

  test('pictures in, pictures out', async () => {
    const [stream, pictures, again] = [folder.join('one.tsr'), folder.join('pictures'), folder.join('again.tsr')];
    expect(await tesseraTiny(['compress', clip('rgb.mkv'), stream])).toMatchObject({ exitCode: 0 });
    expect(await tesseraTiny(['decompress', stream, `${pictures}/`])).toMatchObject({ exitCode: 0 });
    expect(await tesseraTiny(['compress', pictures, again])).toMatchObject({ exitCode: 0 });
    const [line] = jsonLines((await tessera(['info', again, '--json'])).stdout);
    expect(line).toMatchObject({ frames: 5, header: { width: 64, height: 48 } });
  });
});

describe('info and verify', () => {
  test('sections add up to the file, frames add up to the packets', async () => {
    const stream = folder.join('info.tsr');
    const run = await tesseraTiny(['compress', clip('everything.mkv'), stream, '--json']);
    const done = jsonLines(run.stdout).at(-1)!;
    const [info, ...frames] = jsonLines((await tessera(['info', stream, '--json', '--frames'])).stdout);
    const { size } = await stat(stream);
    const sections = info!['sections'] as { section: string; bytes: number; count: number }[];
    expect(sections.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(size);
    expect(done).toMatchObject({ type: 'done', command: 'compress', bytes: size, frames: 20 });
    const packets = sections.find(({ section }) => section === 'packet')!;
    expect(frames.reduce((sum, { bytes }) => sum + Number(bytes), 0)).toBe(packets.bytes);
    expect(frames).toHaveLength(20);
    expect(frames[0]).toMatchObject({ type: 'frame', number: 0, kind: 'key', hasLoopChecksum: true });
    expect(info).toMatchObject({ type: 'stream', frames: 20, problems: [], chapters: 2 });
    expect((info!['bitsPerPixel'] as number).toFixed(6)).toBe((done['bitsPerPixel'] as number).toFixed(6));

    const text = await tessera(['info', stream, '--frames']);
    expect(text.stdout).toMatch(/^width +160$/m);
    expect(text.stdout).toMatch(/^packet +20 +\d+/m);
    expect(text.stdout).toMatch(/^ *19 +inter/m);
  });

  test('verify decodes everything and says so', async () => {
    const stream = folder.join('verify.tsr');
    await tesseraTiny(['compress', clip('everything.mkv'), stream]);
    const run = await tesseraTiny(['verify', stream, '--json']);
    expect(run.exitCode).toBe(0);
    expect(jsonLines(run.stdout).at(-1)).toMatchObject({
      isIntact: true,
      frames: 20,
      lostFrames: 0,
      checksums: 2,
      problems: [],
    });
    expect((await tesseraTiny(['verify', stream])).stderr).toMatch(
      /intact; 20 frames decoded, 2 picture checksums checked/,
    );
  });
});
