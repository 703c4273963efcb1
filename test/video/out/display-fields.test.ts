import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { VideoProperties } from '../../../src/video/frame.js';
import { createVideoSink, type VideoSinkOptions } from '../../../src/video/out/media-writer.js';
import { encodeFile } from '../encode.js';
import { makeFolder, makeFrame, makeProperties, readAll } from '../helpers.js';

const hdr = {
  masteringDisplay: {
    ...{ redX: 34000, redY: 16000, greenX: 13250, greenY: 34500, blueX: 7500, blueY: 3000 },
    ...{ whiteX: 15635, whiteY: 16450, maxLuminance: 10_000_000, minLuminance: 50 },
  },
  contentLight: { maxContent: 1000, maxFrameAverage: 400 },
};

async function writeAndRead(name: string, changes: Partial<VideoProperties>, options: VideoSinkOptions = {}) {
  await using folder = await makeFolder();
  const properties = makeProperties(64, 48, changes);
  await using sink = await createVideoSink(folder.join(name), properties, options);
  for (let index = 0; index < 3; index++) await sink.write(makeFrame(64, 48, index));
  await sink.finish();
  const { properties: read } = await readAll(folder.join(name));
  return { read, notes: sink.notes };
}

const outputs = [
  ['a.mkv', 'h264'],
  ['a.mp4', 'h264'],
  ['a.mov', 'h264'],
  ['a.mp4', 'hevc'],
  ['a.mkv', 'ffv1'],
  ['a.mkv', 'vp9'],
] as const;

describe('field order', () => {
  test.each(outputs)('comes back from %s with %s', async (name, videoCodec) => {
    for (const fieldOrder of ['topFirst', 'bottomFirst', undefined] as const) {
      const { read } = await writeAndRead(name, fieldOrder === undefined ? {} : { fieldOrder }, { videoCodec });
      expect(read.fieldOrder).toBe(fieldOrder);
    }
  });

  test('comes back from y4m; WebM and pictures have no place for it', async () => {
    expect((await writeAndRead('a.y4m', { fieldOrder: 'bottomFirst' })).read.fieldOrder).toBe('bottomFirst');
    const { notes } = await writeAndRead('a.webm', { fieldOrder: 'topFirst' });
    expect(notes).toContain('the pictures are interlaced: webm files cannot say so');
    expect((await writeAndRead('pictures/', { fieldOrder: 'topFirst' })).notes).toEqual([
      'the video is interlaced: each picture holds both fields',
    ]);
  });

  test.each([
    ['yuv422p', 2, 1],
    ['yuv444p', 1, 1],
  ] as const)('fields keep their own chroma when %s becomes 4:2:0', async (pixelFormat, across, down) => {
    await using folder = await makeFolder();
    const [columns, rows] = [64 / across, 64 / down];
    const chroma = Uint8Array.from({ length: columns * rows }, (_, at) =>
      Math.floor(at / columns) % 2 === 0 ? 90 : 240,
    );
    const picture = Buffer.concat([new Uint8Array(64 * 64).fill(60), chroma, chroma]);
    const path = folder.join('a.mkv');
    const options = { encoder: 'ffv1', pixelFormat, width: 64, height: 64 };
    await encodeFile(path, [picture], { ...options, fieldOrder: 'topFirst' });
    const { frames, properties } = await readAll(path);
    expect(properties.fieldOrder).toBe('topFirst');
    const { u, v } = frames[0]!;
    for (const plane of [u, v])
      expect(plane.every((sample, at) => sample === ((at >> 5) % 2 === 0 ? 90 : 240))).toBe(true);
    await encodeFile(path, [picture], options);
    const progressive = (await readAll(path)).frames[0]!;
    expect(progressive.u[16 * 32]).toBe(165);
  });
});

describe('HDR data', () => {
  test.each(outputs)('comes back from %s with %s', async (name, videoCodec) => {
    const { read, notes } = await writeAndRead(name, hdr, { videoCodec });
    expect({ masteringDisplay: read.masteringDisplay, contentLight: read.contentLight }).toEqual(hdr);
    expect(notes.filter((note) => note.includes('HDR'))).toEqual([]);
    expect((await writeAndRead(name, {}, { videoCodec })).read.masteringDisplay).toBeUndefined();
  });

  test.each([
    ['h264', 0x89],
    ['hevc', 0x89],
  ] as const)('stands in the coded stream of %s, too', async (videoCodec, payloadType) => {
    await using folder = await makeFolder();
    const path = folder.join('a.mp4');
    await using sink = await createVideoSink(path, makeProperties(64, 48, hdr), { videoCodec });
    for (let index = 0; index < 3; index++) await sink.write(makeFrame(64, 48, index));
    await sink.finish();
    // A supplemental message of 24 bytes, which begins with the chromaticities of green.
    const message = Buffer.from([payloadType, 24, 13250 >> 8, 13250 & 255, 34500 >> 8, 34500 & 255]);
    expect((await readFile(path)).includes(message)).toBe(true);
  });

  test('only a part of it', async () => {
    const { read } = await writeAndRead('a.mkv', { contentLight: hdr.contentLight });
    expect([read.masteringDisplay, read.contentLight]).toEqual([undefined, hdr.contentLight]);
  });

  test.each(['a.y4m', 'pictures/'])('%s has no place for it, and a note says so', async (name) => {
    expect((await writeAndRead(name, hdr)).notes).toEqual([expect.stringMatching(/^HDR data is left out: /)]);
  });
});
