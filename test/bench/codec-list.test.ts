import { describe, expect, test } from '@jest/globals';
import { formatCodec, parseCodecList } from '../../bench/codec-list.js';

describe('a list of codecs', () => {
  test.each([
    [
      'tessera-nano,x264:medium',
      [
        ['tessera-nano', null],
        ['x264:medium', null],
      ],
    ],
    [
      'x264:medium@18,22,26.5,x265',
      [
        ['x264:medium', [18, 22, 26.5]],
        ['x265', null],
      ],
    ],
    [
      'x264:medium,bf=0,tune=zerolatency@30,x265',
      [
        ['x264:medium,bf=0,tune=zerolatency', [30]],
        ['x265', null],
      ],
    ],
    [
      'ffmpeg-cli:libx264,x264-params=ref=1:bframes=0,vp9',
      [
        ['ffmpeg-cli:libx264,x264-params=ref=1:bframes=0', null],
        ['vp9', null],
      ],
    ],
    [
      'x264:bf=0,x265:bf=0',
      [
        ['x264:bf=0', null],
        ['x265:bf=0', null],
      ],
    ],
    [
      'x264,./a=b.mjs:fast@1',
      [
        ['x264', null],
        ['./a=b.mjs:fast', [1]],
      ],
    ],
    [
      'x265:medium+lpips@22,28,ffmpeg-cli:libvvenc,preset=medium@34,40',
      [
        ['x265:medium+lpips', [22, 28]],
        ['ffmpeg-cli:libvvenc,preset=medium', [34, 40]],
      ],
    ],
    [
      'x264:bf=0+loss=0.05@30,tessera-nano+loss=0.05x5:3@20,26,x265:medium+loss=0.1',
      [
        ['x264:bf=0+loss=0.05', [30]],
        ['tessera-nano+loss=0.05x5:3', [20, 26]],
        ['x265:medium+loss=0.1', null],
      ],
    ],
    [
      ' x264 , x265 ,',
      [
        ['x264', null],
        ['x265', null],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(parseCodecList([text]).map(({ name, settings }) => [name, settings])).toEqual(expected);
  });

  test('several lists are one', () => {
    expect(parseCodecList(['x264', 'x265@20'])).toHaveLength(2);
  });

  test('what it writes it reads', () => {
    const name = 'x264:medium,bf=0';
    expect(parseCodecList([formatCodec(name, [18, 22])])).toEqual([{ name, settings: [18, 22] }]);
  });

  test.each([
    ['', /there is no codec/],
    ['x264@a', /cannot read the codec 'x264@a'/],
    ['@12', /cannot read the codec/],
    ['x264,x264', /the codec x264 is named twice/],
  ])('refuses %j', (text, message) => {
    expect(() => parseCodecList([text])).toThrow(message);
  });
});
