import { ByteWriter } from './byte-writer.js';
import { crc32c } from '../platform/checksums.js';
import { packetPayloadLimit, SECTION_PAYLOAD_LIMIT } from './limits.js';

/** Kinds of sections that this version knows. */
export type SectionKind = 'packet' | 'side' | 'index' | 'words' | 'end';

/** Type byte of each kind: its first letter. */
export const SECTION_TYPES: Readonly<Record<SectionKind, number>> = {
  packet: 0x50,
  side: 0x53,
  index: 0x49,
  words: 0x57,
  end: 0x45,
};

/** The size of a section's CRC, in bytes. */
export const SECTION_CRC_BYTES = 4;

/** The largest number of bytes before the payload: type, and a length below 2^28. */
export const SECTION_HEAD_LIMIT = 6;

/** Returns the kind of a type byte; null if this version does not know it. */
export function kindOfType(type: number): SectionKind | null {
  for (const kind of ['packet', 'side', 'index', 'words', 'end'] as const) {
    if (SECTION_TYPES[kind] === type) return kind;
  }
  return null;
}

/** Returns the bytes of a section: type, length, payload and the CRC of these three. */
export function encodeSection(kind: SectionKind, payload: Uint8Array): Uint8Array {
  const writer = new ByteWriter();
  writer.uint(SECTION_TYPES[kind], 1);
  writer.varint(BigInt(payload.length));
  writer.bytes(payload);
  writer.uint(crc32c(writer.finish()), SECTION_CRC_BYTES);
  return writer.finish();
}

/** Type and extent of a section. */
export interface SectionHead {
  readonly type: number;
  /** The number of bytes of type and length. */
  readonly headBytes: number;
  readonly payloadBytes: number;
  /** The number of bytes of the whole section, with its CRC. */
  readonly totalBytes: number;
}

/** Returns the largest payload, in bytes, of a section in a stream with this picture size. */
export function payloadLimit(type: number, size: { readonly width: number; readonly height: number }): number {
  return type === SECTION_TYPES.packet ? packetPayloadLimit(size.width, size.height) : SECTION_PAYLOAD_LIMIT;
}

/**
 * Reads type and length at the start of `bytes`, which holds {@link SECTION_HEAD_LIMIT} bytes or the rest of the
 * stream. Returns a string with the reason if the bytes cannot be a section.
 */
export function readSectionHead(
  bytes: Uint8Array,
  size: { readonly width: number; readonly height: number },
): SectionHead | string {
  const type = bytes[0];
  if (type === undefined) return 'there are no more bytes';
  let payloadBytes = 0;
  for (let index = 1; index < SECTION_HEAD_LIMIT; index++) {
    const byte = bytes[index];
    if (byte === undefined) return 'the stream ends within a section head';
    payloadBytes += (byte & 127) * 2 ** (7 * (index - 1));
    if (byte < 128) {
      if (byte === 0 && index > 1) return 'a section length has needless bytes';
      if (payloadBytes > payloadLimit(type, size)) return `a section of ${payloadBytes} bytes is too long`;
      const headBytes = index + 1;
      return { type, headBytes, payloadBytes, totalBytes: headBytes + payloadBytes + SECTION_CRC_BYTES };
    }
  }
  return 'a section length is too long';
}

/** Returns true if the CRC at the end of a section matches the bytes before it. */
export function isIntact(section: Uint8Array): boolean {
  const end = section.length - SECTION_CRC_BYTES;
  let stored = 0;
  for (let index = SECTION_CRC_BYTES - 1; index >= 0; index--) stored = stored * 256 + (section[end + index] ?? 0);
  return crc32c(section.subarray(0, end)) === stored;
}
