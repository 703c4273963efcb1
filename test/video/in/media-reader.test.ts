import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { CancelledError, InputError } from '../../../src/errors.js';
import { openVideo } from '../../../src/video/in/media-reader.js';
import {
  clip,
  collect,
  failureOf,
  makeFolder,
  makeFrame,
  makeProperties,
  produce,
  readAll,
  writeY4m,
} from '../helpers.js';
import { mux, recordVideo } from '../recordings.js';

/** Presentation times that scripts/make-fixtures.py wrote. */
const milliseconds = [
  0, 40, 80, 120, 133, 200, 333, 367, 400, 433, 500, 607, 640, 700, 733, 800, 900, 1000, 1033, 1200,
];

describe('properties and frames', () => {
  test('Big Buck Bunny', async () => {
    await using video = await openVideo(clip('big-buck-bunny-3s.mp4'));
    expect(video.properties).toMatchObject({ width: 640, height: 360, frameRate: { num: 25, den: 1 }, rotation: 0 });
    expect(video.frameCountHint).toBe(75);
    expect(video.durationHint).toBeCloseTo(3, 6);
    const frames = await collect(video.frames());
    expect(frames).toHaveLength(75);
    expect(frames.map(({ pts }) => pts)).toEqual(frames.map((_, index) => BigInt(index) * 512n));
    expect(frames.every(({ duration }) => duration === 512n)).toBe(true);
    expect(frames[40]).toMatchObject({ width: 640, height: 360 });
    expect(frames[40]?.y).toHaveLength(640 * 360);
    expect(frames[40]?.v).toHaveLength(320 * 180);
    expect(video.notes).toEqual([]);
  });

  test('rotation, sample aspect, colour and uneven times in exact ticks', async () => {
    const { properties, frames } = await readAll(clip('everything.mp4'));
    expect(properties).toMatchObject({
      timeBase: { num: 1, den: 30000 },
      sampleAspect: { num: 4, den: 3 },
      rotation: 90,
      colour: { primaries: 1, transfer: 1, matrix: 1, fullRange: false, chromaLocation: 1 },
    });
    const expected = milliseconds.map((ms, index) => BigInt(Math.round(((ms + index / 7) * 30000) / 1000)));
    expect(frames.map(({ pts }) => pts)).toEqual(expected);
    const ends = frames.slice(0, -1).map(({ pts, duration }) => pts + duration);
    expect(ends).toEqual(expected.slice(1));
    expect(frames.at(-1)?.duration).toBe(1200n);
  });

  test('Matroska, in its milliseconds', async () => {
    const { properties, frames } = await readAll(clip('everything.mkv'));
    expect(properties).toMatchObject({
      timeBase: { num: 1, den: 1000 },
      rotation: 90,
      sampleAspect: { num: 4, den: 3 },
    });
    expect(frames.map(({ pts }) => Number(pts))).toEqual(milliseconds);
    expect(frames.at(-1)?.duration).toBe(40n);
  });

  test('odd sizes', async () => {
    const { frames } = await readAll(clip('odd-101x67.webm'));
    expect(frames).toHaveLength(10);
    expect(frames[9]).toMatchObject({ width: 101, height: 67 });
    expect(frames[9]?.y).toHaveLength(101 * 67);
    expect(frames[9]?.u).toHaveLength(51 * 34);
  });

  test.each([
    ['ten-bit-422.mkv', 'converted 10-bit 4:2:2 (yuv422p10le) to 8-bit 4:2:0', 10],
    ['rgb.mkv', 'converted 8-bit RGB (bgr0) to 8-bit 4:2:0 with BT.709', 5],
  ])('%s is converted with a note', async (name, note, count) => {
    const { frames, notes } = await readAll(clip(name));
    expect(notes).toEqual([note]);
    expect(frames).toHaveLength(count);
    // Not one flat picture: the conversion got the samples.
    expect(new Set(frames[0]?.y).size).toBeGreaterThan(10);
  });

  test('one frame', async () => {
    const { frames } = await readAll(clip('one-frame.mp4'));
    expect(frames.map(({ pts, duration }) => [pts, duration])).toEqual([[0n, 512n]]);
  });

  test('each frame has a buffer of its own for its planes, which can be handed over', async () => {
    const { frames } = await readAll(clip('ten-bit-422.mkv'));
    const buffers = new Set(frames.flatMap(({ y, u, v }) => [y.buffer, u.buffer, v.buffer]));
    expect(buffers.size).toBe(frames.length);
    const { width, height, u } = frames[0]!;
    const buffer = u.buffer as ArrayBuffer;
    expect(buffer.byteLength).toBe(1.5 * width * height);
    expect(structuredClone(u, { transfer: [buffer] })).toHaveLength((width * height) / 4);
  });
});

describe('pipes', () => {
  test('an mp4 from a pipe gives the same frames', async () => {
    const expected = await readAll(clip('everything.mp4'));
    await using video = await openVideo(createReadStream(clip('everything.mp4')));
    expect(await collect(video.frames())).toEqual(expected.frames);
    await using side = await video.side();
    expect(side?.header).toEqual(expected.header);
  });

  test('y4m from a pipe is read as it comes', async () => {
    const frames = [makeFrame(34, 18, 0), makeFrame(34, 18, 1)];
    await using video = await openVideo(writeY4m(produce(frames), makeProperties(34, 18)));
    expect(await collect(video.frames())).toEqual(frames);
    expect(await video.side()).toBeNull();
  });
});

describe('cancelling and disposing', () => {
  test('the signal stops the frames', async () => {
    await using video = await openVideo(clip('big-buck-bunny-3s.mp4'));
    const controller = new AbortController();
    let count = 0;
    const run = async () => {
      for await (const frame of video.frames({ signal: controller.signal })) {
        expect(frame.width).toBe(640);
        if (++count === 3) controller.abort();
      }
    };
    expect(await failureOf(run())).toBeInstanceOf(CancelledError);
    expect(count).toBe(3);
  });

  test('leaving early and disposing is fine; frames come once', async () => {
    const video = await openVideo(clip('big-buck-bunny-3s.mp4'));
    for await (const frame of video.frames()) {
      expect(frame.pts).toBe(0n);
      break;
    }
    expect(await failureOf(video.frames().next())).toBeInstanceOf(InputError);
    await video[Symbol.asyncDispose]();
    await video[Symbol.asyncDispose]();
  });
});

describe('input that cannot be used gives one clear line', () => {
  async function messageFor(path: string, strict = false): Promise<string> {
    const read = async () => {
      await using video = await openVideo(path, { strict });
      await collect(video.frames());
    };
    const error = await failureOf(read());
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).not.toContain('\n');
    return error.message;
  }

  test('missing, empty, text', async () => {
    await using folder = await makeFolder();
    expect(await messageFor(folder.join('none.mp4'))).toMatch(/does not exist$/);
    await writeFile(folder.join('empty.mp4'), '');
    expect(await messageFor(folder.join('empty.mp4'))).toMatch(/is empty$/);
    for (const name of ['text.txt', 'text.mp4', 'text']) {
      await writeFile(folder.join(name), 'This is not a video.\n'.repeat(200));
      expect(await messageFor(folder.join(name))).toMatch(/is not a video|has no video track/);
    }
    expect(await messageFor(folder.path)).toMatch(/has no pictures/);
  });

  test('no video track', async () => {
    await using folder = await makeFolder();
    const samples = Buffer.alloc(44 + 8000);
    samples.write('RIFF', 0, 'latin1');
    samples.writeUInt32LE(samples.length - 8, 4);
    samples.write('WAVEfmt ', 8, 'latin1');
    samples.writeUInt32LE(16, 16);
    samples.writeUInt16LE(1, 20);
    samples.writeUInt16LE(1, 22);
    samples.writeUInt32LE(8000, 24);
    samples.writeUInt32LE(16000, 28);
    samples.writeUInt16LE(2, 32);
    samples.writeUInt16LE(16, 34);
    samples.write('data', 36, 'latin1');
    samples.writeUInt32LE(8000, 40);
    await writeFile(folder.join('sound.wav'), samples);
    expect(await messageFor(folder.join('sound.wav'))).toMatch(/has no video track$/);
  });

  test('an mp4 cut anywhere', async () => {
    await using folder = await makeFolder();
    const whole = await readFile(clip('everything.mp4'));
    for (const part of [0.02, 0.3, 0.7, 0.95, 0.999]) {
      await writeFile(folder.join('cut.mp4'), whole.subarray(0, Math.floor(whole.length * part)));
      expect(await messageFor(folder.join('cut.mp4'), true)).toMatch(/cut or damaged/);
    }
  });

  test('an mp4 with its index first, cut in the pictures', async () => {
    await using folder = await makeFolder();
    await writeFile(folder.join('cut.mp4'), cutAfterIndex(await readFile(clip('everything.mp4')), 0.5));
    expect(await messageFor(folder.join('cut.mp4'), true)).toMatch(/cut or damaged: \d+ bytes are missing at its end/);
    const { frames, notes, packets } = await readAll(folder.join('cut.mp4'));
    expect(frames.length).toBeGreaterThan(5);
    expect(frames.length).toBeLessThan(20);
    expect(packets.length).toBeGreaterThan(5);
    expect(notes[0]).toMatch(/^the file is cut: \d+ bytes are missing at its end; what is there is taken$/);
    expect(notes.at(-1)).toMatch(/the video ends after [\d.]+ s of 1.24 s: the rest is missing|left out/);
  });

  test('a Matroska file that is cut', async () => {
    await using folder = await makeFolder();
    const whole = await readFile(clip('everything.mkv'));
    for (const part of [0.1, 0.6, 0.99]) {
      await writeFile(folder.join('cut.mkv'), whole.subarray(0, Math.floor(whole.length * part)));
      expect(await messageFor(folder.join('cut.mkv'), true)).toMatch(/cut or damaged/);
    }
    await writeFile(folder.join('cut.mkv'), whole.subarray(0, Math.floor(whole.length * 0.6)));
    const { frames, notes } = await readAll(folder.join('cut.mkv'));
    expect(frames.length).toBeLessThan(20);
    expect(notes[0]).toMatch(/^the file is cut: \d+ bytes are missing/);
  });

  test('a live recording that is cut: nothing in it says how long it should be', async () => {
    await using folder = await makeFolder();
    const times = Array.from({ length: 21 }, (_, index) => 40 * index);
    await mux(folder.join('live.mkv'), 'matroska', [await recordVideo(times, 1000)], { live: '1' });
    const whole = await readFile(folder.join('live.mkv'));
    expect((await readAll(folder.join('live.mkv'))).notes).toEqual([]);
    await writeFile(folder.join('cut.mkv'), whole.subarray(0, whole.length - 5));
    expect(await messageFor(folder.join('cut.mkv'), true)).toMatch(/cut or damaged: at least \d+ bytes/);
    const { frames, notes } = await readAll(folder.join('cut.mkv'));
    expect(frames.length).toBeGreaterThan(10);
    expect(notes[0]).toMatch(/^the file is cut: at least \d+ bytes are missing at its end/);
  });

  test('an empty pipe', async () => {
    expect((await failureOf(openVideo(produce([])))).message).toMatch(/pipe is empty/);
  });
});

/** The file with its `moov` box moved to the front (offsets put right) and only a part of its media data. */
function cutAfterIndex(file: Buffer, part: number): Buffer {
  const boxes: { type: string; bytes: Buffer }[] = [];
  for (let at = 0; at < file.length;) {
    const length = file.readUInt32BE(at);
    boxes.push({ type: file.toString('latin1', at + 4, at + 8), bytes: file.subarray(at, at + length) });
    at += length;
  }
  const find = (type: string) => Buffer.from(boxes.find((box) => box.type === type)?.bytes ?? []);
  const moov = find('moov');
  for (let at = moov.indexOf('stco'); at >= 0; at = moov.indexOf('stco', at + 4)) {
    const count = moov.readUInt32BE(at + 8);
    for (let index = 0; index < count; index++) {
      const place = at + 12 + index * 4;
      moov.writeUInt32BE(moov.readUInt32BE(place) + moov.length, place);
    }
  }
  const others = boxes.filter(({ type }) => type !== 'moov' && type !== 'ftyp').map(({ bytes }) => bytes);
  const all = Buffer.concat([find('ftyp'), moov, ...others]);
  return all.subarray(0, Math.floor(moov.length + (all.length - moov.length) * part));
}

test('memory for one frame at a time: reading does not run ahead', async () => {
  await using video = await openVideo(clip('big-buck-bunny-3s.mp4'));
  const frames = video.frames();
  await frames.next();
  const before = process.memoryUsage().arrayBuffers;
  // Whatever was asked for ahead would be read by the same threads as these files.
  for (let turn = 0; turn < 50; turn++) await readFile(clip('one-frame.mp4'));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 640 * 360 * 1.5);
  await frames.return();
});
