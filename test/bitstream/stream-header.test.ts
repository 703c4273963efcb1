import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { crc32c } from '../../src/platform/checksums.js';
import type { DisplayFields } from '../../src/bitstream/display-fields.js';
import type { StreamHeader } from '../../src/bitstream/stream-header.js';
import { decodeHeader, describeHeader, encodeHeader, readHeaderLength } from '../../src/bitstream/stream-header.js';
import { BitstreamError, InputError } from '../../src/errors.js';
import { readContainer } from '../reference-parser/container.js';
import { sampleHeader, sampleKey, writeStream } from './samples.js';

/** Puts a right CRC on changed header bytes. */
function sealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(copy.length - 4, crc32c(copy.subarray(0, -4)), true);
  return copy;
}

function changed(offset: number, ...values: number[]): Uint8Array {
  const bytes = encodeHeader(sampleHeader);
  bytes.set(values, offset);
  return sealed(bytes);
}

test('CRC-32C gives the published vectors', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  // RFC 3720, B.4
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from('6789'), crc32c(Buffer.from('12345')))).toBe(0xe3069283);
});

test('any header comes back', () => {
  const fraction = fc.record({
    num: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    den: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  });
  const byte = fc.nat(255);
  const headers: fc.Arbitrary<StreamHeader> = fc.record({
    width: fc.integer({ min: 1, max: 16384 }),
    height: fc.integer({ min: 1, max: 4096 }),
    timeBase: fraction,
    frameRate: fraction,
    sampleAspect: fraction,
    rotation: fc.constantFrom(0, 90, 180, 270),
    colour: fc.record({
      primaries: byte,
      transfer: byte,
      matrix: byte,
      fullRange: fc.boolean(),
      chromaLocation: fc.nat(6),
    }),
    slotCount: fc.integer({ min: 1, max: 8 }),
    reorderDepth: fc.nat(16),
    packName: fc.stringMatching(/^[!-~]{1,64}$/),
    packId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  });
  const short = fc.nat(0xffff);
  const long = fc.integer({ min: 0, max: 0xffffffff });
  const display: fc.Arbitrary<DisplayFields> = fc.record(
    {
      fieldOrder: fc.constantFrom('topFirst', 'bottomFirst'),
      masteringDisplay: fc.record({
        ...{ redX: short, redY: short, greenX: short, greenY: short, blueX: short, blueY: short },
        ...{ whiteX: short, whiteY: short, maxLuminance: long, minLuminance: fc.integer({ min: 1, max: 10000 }) },
      }),
      contentLight: fc.record({ maxContent: fc.integer({ min: 1, max: 0xffff }), maxFrameAverage: short }),
    },
    { requiredKeys: [], noNullPrototype: true },
  );
  fc.assert(
    fc.property(headers, display, (plain, fields) => {
      const header = { ...plain, ...fields };
      const bytes = encodeHeader(header);
      expect(readHeaderLength(bytes)).toBe(bytes.length);
      expect(decodeHeader(bytes)).toEqual(header);
      expect(decodeHeader(Uint8Array.of(...bytes, 1, 2, 3))).toEqual(header);
    }),
  );
});

test('fields that a later edition added are skipped', () => {
  const contentLight = { maxContent: 1000, maxFrameAverage: 400 };
  const header = { ...sampleHeader, contentLight, aim: 'bitrate=800000', isResilient: true };
  const bytes = encodeHeader(header);
  const longer = Uint8Array.of(...bytes.subarray(0, -4), 9, 9, 9, 0, 0, 0, 0);
  longer[9] = longer.length;
  expect(decodeHeader(sealed(longer))).toEqual(header);
});

test('the reference parser reads what few videos need', async () => {
  const contentLight = { maxContent: 1000, maxFrameAverage: 400 };
  const all = [
    { fieldOrder: 'bottomFirst' },
    { contentLight },
    { aim: 'target=vmaf=93' },
    { isResilient: true },
  ] as const;
  for (const fields of all) {
    const { header } = readContainer(await writeStream([sampleKey], [], { ...sampleHeader, ...fields }));
    expect([header.packName, header.isResilient]).toEqual([sampleHeader.packName, 'isResilient' in fields]);
  }
});

test('what few videos need costs others nothing, and may end behind any field', () => {
  const length = (fields: DisplayFields) => encodeHeader({ ...sampleHeader, ...fields }).length;
  const contentLight = { maxContent: 1000, maxFrameAverage: 400 };
  const plain = length({});
  expect([length({ fieldOrder: 'topFirst' }) - plain, length({ contentLight }) - plain]).toEqual([1, 29]);
  expect(describeHeader({ ...sampleHeader, fieldOrder: 'bottomFirst', contentLight }).slice(-2)).toEqual([
    { name: 'fieldOrder', value: 'bottom field first' },
    { name: 'contentLight', value: "1000 cd/m2 at most, 400 as a frame's mean" },
  ]);
  const bytes = encodeHeader({ ...sampleHeader, fieldOrder: 'topFirst' });
  bytes[bytes.length - 5] = 3;
  expect(() => decodeHeader(sealed(bytes))).toThrow(/field fieldOrder/);
});

test('the description names every field', () => {
  expect(describeHeader(sampleHeader)).toContainEqual({ name: 'frameRate', value: 'num 30000, den 1001' });
  expect(describeHeader(sampleHeader).map(({ name }) => name)).toEqual(Object.keys(sampleHeader));
});

describe('what is refused', () => {
  test.each([
    [new Uint8Array(), /stream is empty .*magic/],
    [Buffer.from('RIFFxxxxAVI LIST'), /not a tessera stream/],
    [Uint8Array.of(0x8b, 0x54), /ends within its magic/],
    [changed(4, 0x0a, 0x1a, 0x0a), /damaged by a transfer as text/],
    [changed(0, 0x0b), /damaged by a transfer as text/],
    [changed(8, 2), /version 2, this tessera reads version 1; a newer tessera/],
    [changed(8, 0), /version 0, this tessera reads version 1 /],
    [changed(9, 0xff, 0xff), /headerLength/],
    [changed(11, 0, 0), /0 is outside 1..16384 \(field width at byte 11\)/],
    [changed(13, 0x01, 0x40), /16385 is outside 1..16384 \(field height at byte 13\)/],
    [changed(11, 0x00, 0x40, 0x00, 0x40), /16384x16384 exceeds/],
    [changed(19, 0, 0, 0, 0), /field den/],
    [changed(39, 4), /field rotation/],
    [changed(45, 9), /9 is outside 1..8 \(field slotCount at byte 45\)/],
    [changed(47, 0), /field packName/],
  ])('%p', (bytes, message) => {
    expect(() => decodeHeader(bytes)).toThrow(message);
    expect(() => decodeHeader(bytes)).toThrow(BitstreamError);
  });

  test('a header cut anywhere or with any bit flipped', () => {
    const bytes = encodeHeader(sampleHeader);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeHeader(bytes.subarray(0, length))).toThrow(BitstreamError);
      for (let bit = 0; bit < 8; bit++) {
        const flipped = bytes.slice();
        flipped[length] = (flipped[length] ?? 0) ^ (1 << bit);
        expect(() => decodeHeader(flipped)).toThrow(BitstreamError);
      }
    }
  });

  test('values without room', () => {
    expect(() => encodeHeader({ ...sampleHeader, packName: 'with space' })).toThrow(InputError);
    expect(() => encodeHeader({ ...sampleHeader, packId: new Uint8Array(15) })).toThrow(/packId/);
    expect(() => encodeHeader({ ...sampleHeader, height: 0 })).toThrow(/height 0 .* must be 1..16384/);
    expect(() => encodeHeader({ ...sampleHeader, timeBase: { num: 1, den: 0.5 } })).toThrow(InputError);
  });
});

test('the aim is read and shown, whether or not other optional fields are there', () => {
  for (const fields of [{}, { fieldOrder: 'topFirst' } as const]) {
    const header = { ...sampleHeader, ...fields, aim: 'max-size=10000000' };
    expect(decodeHeader(encodeHeader(header))).toEqual(header);
    expect(describeHeader(header).at(-1)).toEqual({ name: 'aim', value: 'max-size=10000000' });
  }
  for (const aim of ['', 'two words', 'x'.repeat(65)]) {
    expect(() => encodeHeader({ ...sampleHeader, aim })).toThrow(/aim/);
  }
});

test('a resilient stream says so, with or without an aim', () => {
  for (const aim of [undefined, 'bitrate=800000']) {
    const header = { ...sampleHeader, ...(aim === undefined ? {} : { aim }), isResilient: true };
    const bytes = encodeHeader(header);
    expect(decodeHeader(bytes)).toEqual(header);
    expect(describeHeader(header).at(-1)).toEqual({ name: 'resilience', value: 'resilient' });
  }
  expect(encodeHeader({ ...sampleHeader, isResilient: false })).toEqual(encodeHeader(sampleHeader));
});
