import { expect, test } from '@jest/globals';
import { ByteWindow } from '../../src/bitstream/byte-window.js';
import {
  formatSideHeader,
  readSideHeader,
  readSidePackets,
  SidePacketWriter,
  type SidePacket,
} from '../../src/bitstream/side-packets.js';
import { BitstreamError } from '../../src/errors.js';
import { collect, produce } from '../video/helpers.js';

const first: SidePacket = {
  ...{ track: 1, pts: -1024n, dts: -1025n, duration: 1024n },
  ...{ key: true, corrupt: false, discard: false, disposable: false },
  ...{ data: Uint8Array.of(7, 8, 9), sideData: { ab: Uint8Array.of(5) } },
};
const second: SidePacket = { ...first, pts: 0n, dts: null, key: false, data: new Uint8Array(), sideData: {} };

/** The two packets as docs/FORMAT.md section 3 spells them. */
const bytes = Uint8Array.of(
  ...[1, 0xc1, 0x01], // track, flags: key, dts is told, side data
  ...[0xff, 0x0f, 0x01, 0x80, 0x10, 3], // pts -1024, dts - pts = -1, duration 1024, size
  ...[1, 2, 1, 0x61, 0x62, 5], // one piece of side data: its lengths, name and bytes
  ...[7, 8, 9],
  ...[1, 32, 0, 0, 0], // no dts; all else as expected, no payload
);

const read = (given: Uint8Array): Promise<SidePacket[]> =>
  collect(readSidePackets(new ByteWindow(produce([given.subarray(0, 4), given.subarray(4)])), 2));

test('packets are the bytes that the format asks for', async () => {
  const writer = new SidePacketWriter();
  expect(Buffer.concat([writer.format(first), writer.format(second)])).toEqual(Buffer.from(bytes));
  expect(await read(bytes)).toEqual([first, second]);
});

test('the header stands before them with its length', async () => {
  const given = formatSideHeader(Uint8Array.of(1, 2, 3));
  expect(given).toEqual(Uint8Array.of(3, 0, 0, 0, 1, 2, 3));
  const window = new ByteWindow(produce([given, bytes]));
  expect(await readSideHeader(window)).toEqual(Uint8Array.of(1, 2, 3));
  expect(await collect(readSidePackets(window, 2))).toHaveLength(2);
});

test.each<[string, readonly number[], RegExp]>([
  ['an unknown track', [2, 0, 0, 0, 0], /packet of track 2, which is not there/],
  ['unknown flags', [0, 0x80, 0x02, 0, 0, 0], /side data is cut or damaged: .*field flags/],
  ['a cut head', [0, 1, 0], /side data is cut or damaged: .*field duration/],
  ['a cut payload', [0, 1, 0, 0, 4, 1, 2], /side data is cut$/],
  ['too large a payload', [0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f], /side data is cut or damaged: .*field size/],
  ['a wild time stamp', [0, 1, ...Array<number>(9).fill(0xff), 1, 0, 0], /time stamp out of range/],
])('refuses %s', async (_, given, message) => {
  const failure = read(Uint8Array.from(given));
  await expect(failure).rejects.toThrow(BitstreamError);
  await expect(failure).rejects.toThrow(message);
});
