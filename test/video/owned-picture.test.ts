import { expect, test } from '@jest/globals';
import { AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P } from 'node-av/constants';
import { ownedPicture, pictureOfFrame } from '../../src/video/owned-picture.js';

const base = { timeBase: { num: 1, den: 25 }, pts: 7n };

test.each([
  ['4:2:0', AV_PIX_FMT_YUV420P, 35 * 21 + 2 * 18 * 11],
  ['4:2:2', AV_PIX_FMT_YUV422P, 35 * 21 + 2 * 18 * 21],
] as const)('a %s picture keeps its samples whatever becomes of the bytes', (_name, format, length) => {
  const bytes = Uint8Array.from({ length }, (_, at) => at % 251);
  const wanted = bytes.slice();
  const picture = ownedPicture(bytes, { ...base, width: 35, height: 21, format });
  bytes.fill(255);
  expect(Uint8Array.from(picture.toBuffer())).toEqual(wanted);
  expect([picture.width, picture.height, picture.pts, picture.timeBase.den]).toEqual([35, 21, 7n, 25]);
  picture.free();
});

test('too few bytes are refused', () => {
  const short = new Uint8Array(16 * 16);
  expect(() => ownedPicture(short, { ...base, width: 16, height: 16, format: AV_PIX_FMT_YUV420P })).toThrow(
    /too small/,
  );
});

test.each([
  [64, 32],
  [35, 21],
  [2, 2],
])('a picture of a frame of %dx%d has its samples', (width, height) => {
  const chroma = ((width + 1) >> 1) * ((height + 1) >> 1);
  const all = Uint8Array.from({ length: width * height + 2 * chroma }, (_, at) => at % 251);
  const wanted = all.slice();
  const [y, u, v] = [0, 1, 2].map((plane) =>
    plane === 0
      ? all.subarray(0, width * height)
      : all.subarray(all.length - (3 - plane) * chroma, all.length - (2 - plane) * chroma),
  );
  const picture = pictureOfFrame({ width, height, y: y!, u: u!, v: v!, pts: 0n, duration: 1n }, base);
  all.fill(255);
  expect(Uint8Array.from(picture.toBuffer())).toEqual(wanted);
  expect([picture.width, picture.height, picture.pts, picture.timeBase.den]).toEqual([width, height, 7n, 25]);
  picture.free();
});
