import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { InputError } from '../../../src/errors.js';
import { frameToRgb, pictureColour, rgbToFrame } from '../../../src/video/convert/colour.js';
import { openPictures, picturePath, sortNaturally, writePng } from '../../../src/video/in/images.js';
import { openVideo } from '../../../src/video/in/media-reader.js';
import { collect, failureOf, makeFolder, psnr } from '../helpers.js';

/** A smooth RGB picture. */
function makeRgb(width: number, height: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const x = Math.floor(at / 3) % width;
    const y = Math.floor(at / 3 / width);
    return Math.round(128 + 90 * Math.sin((x + y + seed * 10 + (at % 3) * 5) / 15));
  });
}

describe('colour', () => {
  test('BT.709 code values of primary colours, limited range', () => {
    const colours = {
      white: [255, 255, 255],
      black: [0, 0, 0],
      red: [255, 0, 0],
      green: [0, 255, 0],
      blue: [0, 0, 255],
    };
    const codes = Object.values(colours).map((rgb) => {
      const { y, u, v } = rgbToFrame(Uint8Array.from([...rgb, ...rgb, ...rgb, ...rgb]), 2, 2, 0n, 0n);
      return [y[0], u[0], v[0]];
    });
    // ITU-R BT.709-6, table 3, item 3.5 and 3.6 (8 bits).
    expect(codes).toEqual([
      [235, 128, 128],
      [16, 128, 128],
      [63, 102, 240],
      [173, 42, 26],
      [32, 240, 118],
    ]);
  });

  test.each([
    [64, 48],
    [33, 17],
    [1, 1],
  ])('%i x %i there and back', (width, height) => {
    const rgb = makeRgb(width, height, 1);
    const back = frameToRgb(rgbToFrame(rgb, width, height, 0n, 0n), pictureColour);
    expect(psnr(rgb, back)).toBeGreaterThan(38);
  });

  test('full range and BT.601 are told apart', () => {
    const frame = {
      width: 2,
      height: 2,
      y: Uint8Array.from([81, 81, 81, 81]),
      u: Uint8Array.of(90),
      v: Uint8Array.of(240),
      pts: 0n,
      duration: 0n,
    };
    const red = frameToRgb(frame, { ...pictureColour, matrix: 6 });
    expect([...red.subarray(0, 3)]).toEqual([254, 0, 0]);
    const gray = { ...frame, u: Uint8Array.of(128), v: Uint8Array.of(128) };
    expect(frameToRgb(gray, { ...pictureColour, fullRange: true })[0]).toBe(81);
    expect(frameToRgb(gray, pictureColour)[0]).toBe(76);
  });
});

describe('pictures as a video', () => {
  test('a folder in natural order, of several kinds of files', async () => {
    await using folder = await makeFolder();
    const pictures = [0, 1, 2].map((seed) => makeRgb(20, 10, seed));
    const raw = { raw: { width: 20, height: 10, channels: 3 } } as const;
    await writePng(folder.join('a2.png'), pictures[0] ?? new Uint8Array(), 20, 10);
    await sharp(pictures[1], raw).webp({ lossless: true }).toFile(folder.join('a10.webp'));
    await sharp(pictures[2], raw).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toFile(folder.join('b.JPG'));
    await writeFile(folder.join('notes.txt'), 'not a picture');
    await using video = await openVideo(folder.path, { picturesPerSecond: 10 });
    expect(video.properties).toMatchObject({
      width: 20,
      height: 10,
      timeBase: { num: 1, den: 10 },
      colour: pictureColour,
    });
    expect([video.frameCountHint, video.durationHint]).toEqual([3, 0.3]);
    const frames = await collect(video.frames());
    expect(frames.map(({ pts, duration }) => [pts, duration])).toEqual([0n, 1n, 2n].map((pts) => [pts, 1n]));
    frames.forEach((frame, index) => {
      expect(psnr(pictures[index] ?? new Uint8Array(), frameToRgb(frame, pictureColour))).toBeGreaterThan(36);
    });
  });

  test('gray, transparent, 16-bit and palette pictures become RGB', async () => {
    await using folder = await makeFolder();
    const gray = Uint8Array.from({ length: 64 }, (_, at) => at * 4);
    const image = sharp(gray, { raw: { width: 8, height: 8, channels: 1 } });
    await image.clone().toColourspace('b-w').png().toFile(folder.join('1.png'));
    await image.clone().ensureAlpha(0.5).png().toFile(folder.join('2.png'));
    await image.clone().toColourspace('rgb16').png().toFile(folder.join('3.png'));
    await image.clone().png({ palette: true }).toFile(folder.join('4.png'));
    await using video = await openPictures(folder.path);
    const frames = await collect(video.frames());
    expect(frames).toHaveLength(4);
    for (const [index, frame] of frames.entries()) {
      // The second is half transparent: what is seen of it is put on black.
      const shown = index === 1 ? 0.5 : 1;
      const difference = frame.y.map((luma, at) => Math.abs(luma - Math.round(16 + (shown * at * 4 * 219) / 255)));
      expect(Math.max(...difference)).toBeLessThanOrEqual(3);
    }
  });

  test('unequal sizes, broken and missing files', async () => {
    await using folder = await makeFolder();
    await writePng(folder.join('1.png'), makeRgb(8, 8, 0), 8, 8);
    await writePng(folder.join('2.png'), makeRgb(8, 6, 0), 8, 6);
    const read = async (input: string | readonly string[]) => collect((await openPictures(input)).frames());
    const error = await failureOf(read(folder.path));
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(/2\.png is 8x6, but .*1\.png is 8x8/);
    await writeFile(folder.join('broken.png'), 'PNG?');
    expect((await failureOf(read([folder.join('broken.png')]))).message).toMatch(
      /cannot read the picture .*broken\.png/,
    );
    expect((await failureOf(read([]))).message).toMatch(/empty/);
    await mkdir(folder.join('empty'));
    expect((await failureOf(read(folder.join('empty')))).message).toMatch(/has no pictures/);
  });
});

test('names', () => {
  expect(sortNaturally(['a10', 'a9', 'b1', 'a1'])).toEqual(['a1', 'a9', 'a10', 'b1']);
  expect(picturePath('x/a-%05d.png', 0)).toBe('x/a-00001.png');
  expect(picturePath('x/a-%d.png', 11)).toBe('x/a-12.png');
});

test('a buffer of the wrong length is refused', async () => {
  await using folder = await makeFolder();
  const error = await failureOf(writePng(folder.join('a.png'), new Uint8Array(100), 4, 4));
  expect(error.message).toBe('expected 48 bytes, got 100');
});
