import { expect, test } from '@jest/globals';
import { AV_CODEC_ID_AV1, AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VVC } from 'node-av/constants';
import { overheadLength } from '../../../src/video/out/packet-overhead.js';

const text = [6, 5, 16, 1, 2, 3];
const slice = [0x65, 9, 8, 7];
const otherSei = [6, 1, 1, 0];
const avcC = Buffer.from([1, 100, 0, 10, 0xff]);
const hvcC = Buffer.concat([Buffer.from([1]), Buffer.alloc(20), Buffer.from([3])]);

function lengthPrefixed(units: number[][], prefix = 4): Buffer {
  return Buffer.concat(
    units.flatMap((unit) => {
      const head = Buffer.alloc(prefix);
      head.writeUIntBE(unit.length, 0, prefix);
      return [head, Buffer.from(unit)];
    }),
  );
}

test('units with lengths: the text and its length count, nothing else', () => {
  expect(overheadLength(lengthPrefixed([text, slice, otherSei]), AV_CODEC_ID_H264, avcC)).toBe(10);
  expect(overheadLength(lengthPrefixed([slice, otherSei]), AV_CODEC_ID_H264, avcC)).toBe(0);
  const short = Buffer.from([1, 100, 0, 10, 0xfd]);
  expect(overheadLength(lengthPrefixed([otherSei, text], 2), AV_CODEC_ID_H264, short)).toBe(8);
});

test('units with start codes', () => {
  const data = Buffer.from([0, 0, 0, 1, ...text, 0, 0, 0, 1, ...slice, 0, 0, 1, ...otherSei]);
  expect(overheadLength(data, AV_CODEC_ID_H264, null)).toBe(10);
});

test('HEVC, and codecs that have no such units', () => {
  const prefixSei = [39 << 1, 1, 5, 16, 1, 2];
  expect(overheadLength(lengthPrefixed([prefixSei, slice]), AV_CODEC_ID_HEVC, hvcC)).toBe(10);
  expect(overheadLength(lengthPrefixed([text]), AV_CODEC_ID_AV1, null)).toBe(0);
});

test('VVC: parameter sets and delimiters count, adaptation parameters and slices do not', () => {
  const unit = (type: number, ...bytes: number[]): number[] => [0, (type << 3) | 1, ...bytes];
  const [delimiter, sps, pps] = [unit(20, 0x30), unit(15, 1, 2, 3), unit(16, 1)];
  const pictures = [unit(17, 9, 9), unit(7, 5, 5, 5), unit(0, 20 << 3)];
  const vvcC = Buffer.from([0xff, 0, 0x65]);
  const data = lengthPrefixed([delimiter, sps, pps, ...pictures]);
  expect(overheadLength(data, AV_CODEC_ID_VVC, vvcC)).toBe(3 + 5 + 3 + 3 * 4);
  expect(overheadLength(lengthPrefixed(pictures), AV_CODEC_ID_VVC, vvcC)).toBe(0);
  expect(overheadLength(lengthPrefixed([sps, ...pictures], 2), AV_CODEC_ID_VVC, Buffer.from([0xfb]))).toBe(7);
  expect(overheadLength(Buffer.from([0, 0, 1, ...sps, 0, 0, 1, ...pictures[1]!]), AV_CODEC_ID_VVC, null)).toBe(8);
});

test('a length beyond the packet does not lead anywhere', () => {
  const cut = lengthPrefixed([slice, text]).subarray(0, -3);
  expect(overheadLength(cut, AV_CODEC_ID_H264, avcC)).toBe(7);
});
