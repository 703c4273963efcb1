import { BitstreamError } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { crc32c } from '../platform/checksums.js';
import type { FieldType } from './field-types.js';
import {
  type DisplayFields,
  displayFieldsSize,
  listDisplayFields,
  readDisplayFields,
  writeDisplayFields,
} from './display-fields.js';
import { flag, optionalWord, rawBytes, uint, word } from './field-types.js';
import {
  AIM_LIMIT,
  DIMENSION_LIMIT,
  FORMAT_VERSION,
  FRAME_AREA_LIMIT,
  HEADER_BYTES_LIMIT,
  PACK_NAME_LIMIT,
  REORDER_LIMIT,
  SLOT_LIMIT,
} from './limits.js';
import type { DescribedField } from './structure.js';
import { structure } from './structure.js';

/**
 * The first bytes of every stream. As in PNG, each detects one kind of damage: a byte above 127 (7-bit channels), CR LF
 * (changed line ends), Ctrl-Z (stops `type` on DOS), LF alone (line ends changed in the other direction).
 */
export const MAGIC: Uint8Array = Uint8Array.of(0x8b, 0x54, 0x53, 0x52, 0x0d, 0x0a, 0x1a, 0x0a);

/** The number of bytes of magic, version and headerLength. A reader needs them to know the length of the header. */
export const HEADER_PREAMBLE_BYTES = 11;

const CRC_BYTES = 4;

/** A positive fraction. */
export interface Fraction {
  readonly num: number;
  readonly den: number;
}

const fraction = structure({ num: uint(4, 1, 2 ** 31 - 1), den: uint(4, 1, 2 ** 31 - 1) });

const colour = structure({
  primaries: uint(1, 0, 255),
  transfer: uint(1, 0, 255),
  matrix: uint(1, 0, 255),
  fullRange: flag(),
  chromaLocation: uint(1, 0, 6),
});

/** Clockwise degrees, written as the number of quarter turns in one byte. */
const rotation: FieldType<0 | 90 | 180 | 270> = {
  wire: 'u8',
  write(writer, value, name) {
    uint(1, 0, 3).write(writer, value / 90, name);
  },
  read: (reader, name) => (90 * uint(1, 0, 3).read(reader, name)) as 0 | 90 | 180 | 270,
  size: () => 1,
  describe: (value) => `${value} degrees`,
};

/** The optional fields after those of {@link DisplayFields}. The first one is empty if only the second one is there. */
const aimField = optionalWord(AIM_LIMIT);
const resilienceField = uint(1, 0, 1);

/** Fields of the header between `headerLength` and `headerCrc` that every header has. */
export const streamHeaderFields = structure(
  {
    width: uint(2, 1, DIMENSION_LIMIT),
    height: uint(2, 1, DIMENSION_LIMIT),
    timeBase: fraction,
    frameRate: fraction,
    sampleAspect: fraction,
    rotation,
    colour,
    slotCount: uint(1, 1, SLOT_LIMIT),
    reorderDepth: uint(1, 0, REORDER_LIMIT),
    packName: word(PACK_NAME_LIMIT),
    packId: rawBytes(16),
  },
  ({ width, height }, fail) => {
    if (width * height > FRAME_AREA_LIMIT) {
      fail('height', `${width}x${height} exceeds ${FRAME_AREA_LIMIT} samples`);
    }
  },
);

/**
 * The header of a stream. It holds the size of the pictures, how to show them (as in `VideoProperties`), the model
 * pack, and the number of reference slots and the delay of the decoder.
 */
export interface StreamHeader extends DisplayFields {
  /** Luma samples of a picture. */
  readonly width: number;
  readonly height: number;
  /** Seconds per tick of all time stamps. */
  readonly timeBase: Fraction;
  /** Nominal frames per second; a hint. */
  readonly frameRate: Fraction;
  /** Width of a sample divided by its height. */
  readonly sampleAspect: Fraction;
  /** Degrees to turn clockwise for display. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** Code points of ITU-T H.273; `chromaLocation` is its ChromaSampleLoc plus 1, 0 if unspecified. */
  readonly colour: {
    readonly primaries: number;
    readonly transfer: number;
    readonly matrix: number;
    readonly fullRange: boolean;
    readonly chromaLocation: number;
  };
  /** Reference slots, 1..8. */
  readonly slotCount: number;
  /** The number of frames that a decoder must be able to hold back to output frames in display order, 0..16. */
  readonly reorderDepth: number;
  /** The name of the model pack, for display only. */
  readonly packName: string;
  /** Identity of the model pack, 16 bytes. */
  readonly packId: Uint8Array;
  /** The bit rate, size or quality that the encoder aimed at, for display only: 1..64 characters, no spaces. */
  readonly aim?: string | undefined;
  /** True: every inter packet can be parsed with the key packet before it alone. Default: false. */
  readonly isResilient?: boolean | undefined;
}

/** Returns the bytes of a header, with magic and CRC.
 *
 * @throws InputError if a value does not fit into the format.
 */
export function encodeHeader(header: StreamHeader): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(MAGIC);
  writer.uint(FORMAT_VERSION, 1);
  const { aim, isResilient = false } = header;
  const hasAim = aim !== undefined || isResilient;
  const moreSize = (hasAim ? aimField.size(aim) : 0) + (isResilient ? resilienceField.size(1) : 0);
  const size = streamHeaderFields.size(header) + displayFieldsSize(header, hasAim) + moreSize;
  writer.uint(HEADER_PREAMBLE_BYTES + size + CRC_BYTES, 2);
  streamHeaderFields.write(writer, header, 'header');
  writeDisplayFields(writer, header, hasAim);
  if (hasAim) aimField.write(writer, aim, 'aim');
  if (isResilient) resilienceField.write(writer, 1, 'resilience');
  writer.uint(crc32c(writer.finish()), 4);
  return writer.finish();
}

/**
 * Reads `headerLength`, the number of bytes of the whole header, from its first {@link HEADER_PREAMBLE_BYTES} bytes (or
 * from fewer, if the stream has no more).
 *
 * @throws BitstreamError if this is not a tessera stream, was damaged by a transfer as text, or has a newer version.
 */
export function readHeaderLength(bytes: Uint8Array): number {
  checkMagic(bytes);
  if (bytes.length < HEADER_PREAMBLE_BYTES) {
    throw new BitstreamError('stream ends within its header', { offset: bytes.length, field: 'headerLength' });
  }
  const reader = new ByteReader(bytes.subarray(MAGIC.length), MAGIC.length);
  const version = reader.uint(1, 'version');
  if (version !== FORMAT_VERSION) {
    const advice = version > FORMAT_VERSION ? '; a newer tessera reads it' : '';
    throw new BitstreamError(`stream is of version ${version}, this tessera reads version ${FORMAT_VERSION}${advice}`, {
      offset: MAGIC.length,
      field: 'version',
    });
  }
  const length = reader.uint(2, 'headerLength');
  if (length < HEADER_PREAMBLE_BYTES + CRC_BYTES || length > HEADER_BYTES_LIMIT) {
    throw new BitstreamError(`header of ${length} bytes`, { offset: MAGIC.length + 1, field: 'headerLength' });
  }
  return length;
}

/**
 * Reads a header of `headerLength` bytes; it skips fields that a later edition added after the known fields.
 *
 * @throws BitstreamError
 */
export function decodeHeader(bytes: Uint8Array): StreamHeader {
  const length = readHeaderLength(bytes);
  if (bytes.length < length) {
    throw new BitstreamError('stream ends within its header', { offset: bytes.length, field: 'header' });
  }
  const crcOffset = length - CRC_BYTES;
  const stored = new ByteReader(bytes.subarray(crcOffset, length), crcOffset).uint(CRC_BYTES, 'headerCrc');
  if (crc32c(bytes.subarray(0, crcOffset)) !== stored) {
    throw new BitstreamError('header is damaged: its CRC does not match', { offset: crcOffset, field: 'headerCrc' });
  }
  const body = new ByteReader(bytes.subarray(HEADER_PREAMBLE_BYTES, crcOffset), HEADER_PREAMBLE_BYTES);
  const known = { ...streamHeaderFields.read(body, 'header'), ...readDisplayFields(body) };
  const aim = body.remaining === 0 ? undefined : aimField.read(body, 'aim');
  const isResilient = body.remaining > 0 && resilienceField.read(body, 'resilience') === 1;
  return { ...known, ...(aim === undefined ? {} : { aim }), ...(isResilient ? { isResilient } : {}) };
}

/** Returns the names and values of a header's fields, as text for people. */
export function describeHeader(header: StreamHeader): DescribedField[] {
  const aim = header.aim === undefined ? [] : [{ name: 'aim', value: header.aim }];
  const resilience = header.isResilient === true ? [{ name: 'resilience', value: 'resilient' }] : [];
  return [...streamHeaderFields.list(header), ...listDisplayFields(header), ...aim, ...resilience];
}

function checkMagic(bytes: Uint8Array): void {
  if (bytes.length === 0) throw new BitstreamError('stream is empty', { offset: 0, field: 'magic' });
  const matching = MAGIC.findIndex((byte, index) => bytes[index] !== byte);
  if (matching === -1) return;
  if (matching === bytes.length) {
    throw new BitstreamError('stream ends within its magic', { offset: bytes.length, field: 'magic' });
  }
  const word = 4;
  const isText =
    matching >= word || (matching === 0 && MAGIC.subarray(1, word).every((byte, i) => bytes[i + 1] === byte));
  throw new BitstreamError(
    isText
      ? 'stream was damaged by a transfer as text; transfer it as binary'
      : 'not a tessera stream: its first bytes are not those of a .tsr file',
    { offset: matching, field: 'magic' },
  );
}
