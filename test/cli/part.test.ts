import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createVideoSink } from '../../src/video/out/media-writer.js';
import { collectSideTracks } from '../../src/video/side/collect-side-tracks.js';
import { makeFrame, makeProperties, readAll } from '../video/helpers.js';
import { clip, Folder, jsonLines, tessera, tesseraTiny } from './helpers.js';

let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create();
});

afterAll(() => folder[Symbol.asyncDispose]());

test('compress --start --duration: the same part that decompress would cut', async () => {
  const [stream, part] = [folder.join('part.tsr'), folder.join('part.mkv')];
  const source = await readAll(clip('everything.mkv'));
  const args = ['compress', clip('everything.mkv'), stream, '--start', '0.5', '--duration', '0.4s'];
  expect(await tesseraTiny(args)).toMatchObject({ exitCode: 0 });
  expect(await tesseraTiny(['decompress', stream, part])).toMatchObject({ exitCode: 0 });
  const result = await readAll(part);
  const wanted = source.frames.map(({ pts }) => Number(pts)).filter((time) => time >= 500);
  const expected = wanted.filter((time) => time < wanted[0]! + 400).map((time) => time - wanted[0]!);
  expect(result.frames.map(({ pts }) => Number(pts))).toEqual(expected);
  const audio = result.packets.filter(({ track }) => result.header?.tracks[track]?.kind === 'audio');
  expect(audio.length).toBeGreaterThan(10);
  for (const { pts } of audio) {
    expect(Number(pts)).toBeGreaterThanOrEqual(0);
    expect(Number(pts)).toBeLessThan(400);
  }
  // What was cut away is not in the stream.
  const [info] = jsonLines((await tessera(['info', stream, '--json'])).stdout);
  const sections = info!['sections'] as { section: string; bytes: number }[];
  const all = source.packets.reduce((sum, { data }) => sum + data.length, 0);
  expect(sections.find(({ section }) => section === 'side')!.bytes).toBeLessThan(0.7 * all);
  const late = await tesseraTiny(['compress', clip('everything.mkv'), stream, '-y', '--start', '99']);
  expect(late).toMatchObject({ exitCode: 3 });
  expect(late.stderr).toMatch(/start is 99 s, but the last frame starts at 1\.200 s/);
});

test('--no-audio and --audio none leave sound out, and nothing else', async () => {
  const source = await readAll(clip('everything.mkv'));
  const kinds = source.header!.tracks.map(({ kind }) => kind);
  for (const [options, wanted] of [
    [['--no-audio'], kinds.filter((kind) => kind !== 'audio')],
    [['--audio', 'none'], kinds.filter((kind) => kind !== 'audio')],
    [['--audio', 'copy'], kinds],
  ] as const) {
    const stream = folder.join('audio.tsr');
    expect(await tesseraTiny(['compress', clip('everything.mkv'), stream, '-y', ...options])).toMatchObject({
      exitCode: 0,
    });
    const [info] = jsonLines((await tessera(['info', stream, '--json'])).stdout);
    expect((info!['tracks'] as { kind: string }[]).map(({ kind }) => kind)).toEqual(wanted);
    expect(info).toMatchObject({ frames: 20, chapters: 2 });
  }
  expect((await tessera(['compress', 'a.mp4', 'b.tsr', '--audio', 'aac'])).exitCode).toBe(2);
});

describe('--track', () => {
  test('takes that video track, and keeps the other one', async () => {
    const [two, stream] = [folder.join('two.mkv'), folder.join('two.tsr')];
    // No video track is number 9: all tracks go beside the new one.
    await using side = await collectSideTracks(clip('odd-101x67.webm'), 'odd', { videoTrack: 9 });
    await using sink = await createVideoSink(two, makeProperties(64, 48), { side });
    for (let index = 0; index < 3; index++) await sink.write(makeFrame(64, 48, index));
    await sink.finish();

    expect(await tesseraTiny(['compress', two, stream, '--track', '2'])).toMatchObject({ exitCode: 0 });
    const [second] = jsonLines((await tessera(['info', stream, '--json'])).stdout);
    expect(second).toMatchObject({ frames: 10, header: { width: 101, height: 67 }, tracks: [{ kind: 'video' }] });
    expect(await tesseraTiny(['compress', two, stream, '-y'])).toMatchObject({ exitCode: 0 });
    const [first] = jsonLines((await tessera(['info', stream, '--json'])).stdout);
    expect(first).toMatchObject({ frames: 3, header: { width: 64, height: 48 }, tracks: [{ kind: 'video' }] });

    const none = await tesseraTiny(['compress', two, folder.join('none.tsr'), '--track', '3']);
    expect(none.exitCode).toBe(3);
    expect(none.stderr).toMatch(/two\.mkv has 2 video tracks: there is no track 3$/);
    expect((await tessera(['compress', two, stream, '--track', '0'])).exitCode).toBe(2);
  });
});
