import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { openPictures } from '../../../src/video/in/images.js';
import { transparencyNote } from '../../../src/video/convert/transparency.js';
import { encodeFile } from '../encode.js';
import { collect, makeFolder, readAll } from '../helpers.js';

const [width, height] = [64, 48];
const half = width / 2;

/** Planes of Y, U, V and alpha: one colour everywhere, its left half hidden. */
function makeYuva(alphaLeft: number, chromaColumns = width / 2, chromaRows = height / 2): Uint8Array {
  const chroma = chromaColumns * chromaRows;
  const alpha = Uint8Array.from({ length: width * height }, (_, at) => (at % width < half ? alphaLeft : 255));
  return Buffer.concat([
    new Uint8Array(width * height).fill(180),
    new Uint8Array(chroma).fill(90),
    new Uint8Array(chroma).fill(200),
    alpha,
  ]);
}

function makeRgba(alphaLeft: number): Buffer {
  const pixels = Array.from({ length: width * height }, (_, at) => [
    ...[200, 40, 90],
    at % width < half ? alphaLeft : 255,
  ]);
  return Buffer.from(pixels.flat());
}

/** Samples amid the left and the right half of the first picture: Y, U, V. */
async function samplesOf(path: string) {
  const { frames, notes, header } = await readAll(path);
  const frame = frames[0]!;
  const at = (column: number) => {
    const chroma = (height / 4) * half + column / 2;
    return [frame.y[(height / 2) * width + column], frame.u[chroma], frame.v[chroma]];
  };
  return { left: at(half / 2), right: at(half + half / 2), notes, header };
}

const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, -0.6));

describe('what transparency hides is black', () => {
  test.each(['vp8', 'vp9'])('%s with an alpha track, which needs its own decoder', async (codec) => {
    await using folder = await makeFolder();
    const encoder = codec === 'vp8' ? 'libvpx' : 'libvpx-vp9';
    const tags = { alpha_mode: '1' };
    const options = { crf: '4', b: '2000000', 'auto-alt-ref': '0' };
    const path = folder.join('a.webm');
    await encodeFile(path, [makeYuva(0), makeYuva(0)], {
      encoder,
      pixelFormat: 'yuva420p',
      width,
      height,
      tags,
      options,
    });
    const { left, right, notes, header } = await samplesOf(path);
    expect(left).toEqual(near([16, 128, 128]));
    expect(right).toEqual(near([180, 90, 200]));
    expect(notes).toEqual([transparencyNote]);
    expect(header?.video.tags ?? {}).toEqual({});
  });

  test.each([
    ['ffv1', 'yuva420p', 2, 2],
    ['ffv1', 'yuva444p', 1, 1],
  ] as const)('%s %s', async (encoder, pixelFormat, across, down) => {
    await using folder = await makeFolder();
    const path = folder.join('a.mkv');
    const picture = makeYuva(51, width / across, height / down);
    await encodeFile(path, [picture], { encoder, pixelFormat, width, height });
    const { left, right, notes } = await samplesOf(path);
    // A fifth of the picture is seen: 16 + 164 / 5, 128 - 38 / 5, 128 + 72 / 5.
    expect(left).toEqual([49, 120, 142]);
    expect(right).toEqual([180, 90, 200]);
    expect(notes).toContain(transparencyNote);
  });

  test('an animated PNG', async () => {
    await using folder = await makeFolder();
    const path = folder.join('a.apng');
    await encodeFile(path, [makeRgba(0), makeRgba(0)], { encoder: 'apng', pixelFormat: 'rgba', width, height });
    const { left, right, notes } = await samplesOf(path);
    expect(left).toEqual([16, 128, 128]);
    expect(right[0]).toBeGreaterThan(60);
    expect(notes).toContain(transparencyNote);
  });

  test('picture files, also where only a later one is transparent', async () => {
    await using folder = await makeFolder();
    const write = (name: string, alpha: number) =>
      sharp(makeRgba(alpha), { raw: { width, height, channels: 4 } }).toFile(folder.join(name));
    await write('1.png', 255);
    await write('2.webp', 0);
    await using source = await openPictures(folder.path);
    expect(source.notes).not.toContain(transparencyNote);
    const frames = await collect(source.frames());
    expect(frames.map(({ y }) => y[0] === 16)).toEqual([false, true]);
    expect(source.notes).toContain(transparencyNote);
  });
});

test('opaque pictures with an alpha plane stay as they are, without a note', async () => {
  await using folder = await makeFolder();
  const path = folder.join('a.mkv');
  await encodeFile(path, [makeYuva(255)], { encoder: 'ffv1', pixelFormat: 'yuva420p', width, height });
  const { left, right, notes } = await samplesOf(path);
  expect([left, right, notes]).toEqual([[180, 90, 200], [180, 90, 200], []]);
});
