import { expect, test } from '@jest/globals';
import type { SidePacket } from '../../../src/bitstream/side-packets.js';
import { convertSubtitlePacket } from '../../../src/video/side/subtitle-text.js';

function packet(data: string | Buffer): SidePacket {
  const bytes = new Uint8Array(Buffer.from(data as string));
  return {
    track: 0,
    pts: 0n,
    dts: 0n,
    duration: 1n,
    key: true,
    corrupt: false,
    discard: false,
    disposable: false,
    data: bytes,
    sideData: {},
  };
}

const text = (result: SidePacket | null) => (result === null ? null : Buffer.from(result.data).toString('latin1'));

test('SubRip to QuickTime text: length before, markup gone', () => {
  expect(text(convertSubtitlePacket(packet('<i>Hi</i> 1 &lt; 2'), 'subrip', 'mov_text'))).toBe('\0\x08Hi 1 < 2');
});

test('QuickTime text to SubRip: style boxes behind the text are dropped, empty text is none', () => {
  expect(text(convertSubtitlePacket(packet('\0\x02Hi\0\0\0\x0cstyl\0\0\0\0'), 'mov_text', 'subrip'))).toBe('Hi');
  expect(convertSubtitlePacket(packet('\0\0'), 'mov_text', 'subrip')).toBeNull();
});

test('ASS: the ninth field, without override codes', () => {
  const line = '3,0,Default,,0,0,0,,{\\an8}One, two\\Nthree';
  expect(text(convertSubtitlePacket(packet(line), 'ass', 'webvtt'))).toBe('One, two\nthree');
});
