import { expect, test } from '@jest/globals';
import { AV_CODEC_ID_AV1, AV_CODEC_ID_H264, AV_CODEC_ID_HEVC } from 'node-av/constants';
import { settingsTextLength } from '../../../src/video/out/settings-text.js';

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
  expect(settingsTextLength(lengthPrefixed([text, slice, otherSei]), AV_CODEC_ID_H264, avcC)).toBe(10);
  expect(settingsTextLength(lengthPrefixed([slice, otherSei]), AV_CODEC_ID_H264, avcC)).toBe(0);
  const short = Buffer.from([1, 100, 0, 10, 0xfd]);
  expect(settingsTextLength(lengthPrefixed([otherSei, text], 2), AV_CODEC_ID_H264, short)).toBe(8);
});

test('units with start codes', () => {
  const data = Buffer.from([0, 0, 0, 1, ...text, 0, 0, 0, 1, ...slice, 0, 0, 1, ...otherSei]);
  expect(settingsTextLength(data, AV_CODEC_ID_H264, null)).toBe(10);
});

test('HEVC, and codecs that have no such units', () => {
  const prefixSei = [39 << 1, 1, 5, 16, 1, 2];
  expect(settingsTextLength(lengthPrefixed([prefixSei, slice]), AV_CODEC_ID_HEVC, hvcC)).toBe(10);
  expect(settingsTextLength(lengthPrefixed([text]), AV_CODEC_ID_AV1, null)).toBe(0);
});

test('a length beyond the packet does not lead anywhere', () => {
  const cut = lengthPrefixed([slice, text]).subarray(0, -3);
  expect(settingsTextLength(cut, AV_CODEC_ID_H264, avcC)).toBe(7);
});
