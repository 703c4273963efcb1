import { ByteWriter } from './byte-writer.js';
import { crc32c } from '../platform/checksums.js';
import { packetPayloadLimit, SECTION_PAYLOAD_LIMIT } from './limits.js';

/** Kinds of sections that this version knows. */
export type SectionKind = 'packet' | 'side' | 'index' | 'end';

/** Type byte of each kind: its first letter. */
export const SECTION_TYPES: Readonly<Record<SectionKind, number>> = {
  packet: 0x50,
  side: 0x53,
  index: 0x49,
  end: 0x45,
};

/** Bytes of a section's CRC. */
export const SECTION_CRC_BYTES = 4;

/** Most bytes of a section before its payload: type, and a length below 2^28. */
export const SECTION_HEAD_LIMIT = 6;

/** Kind of a type byte; null if this version does not know it. */
export function kindOfType(type: number): SectionKind | null {
  for (const kind of ['packet', 'side', 'index', 'end'] as const) {
    if (SECTION_TYPES[kind] === type) return kind;
  }
  return null;
}

/** Bytes of a section: type, length, payload and the CRC of these three. */
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
  /** Bytes of type and length. */
  readonly headBytes: number;
  readonly payloadBytes: number;
  /** Bytes of the whole section, CRC included. */
  readonly totalBytes: number;
}

/** Most payload bytes of a section of a stream whose pictures have this size. */
export function payloadLimit(type: number, size: { readonly width: number; readonly height: number }): number {
  return type === SECTION_TYPES.packet ? packetPayloadLimit(size.width, size.height) : SECTION_PAYLOAD_LIMIT;
}

/**
 * Reads type and length at the start of `bytes`, which holds {@link SECTION_HEAD_LIMIT} bytes or all that are left of
 * the stream. Returns a string that says what is wrong if there can be no section here.
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

/** Whether the CRC at the end of a whole section is that of the bytes before it. */
export function isIntact(section: Uint8Array): boolean {
  const end = section.length - SECTION_CRC_BYTES;
  let stored = 0;
  for (let index = SECTION_CRC_BYTES - 1; index >= 0; index--) stored = stored * 256 + (section[end + index] ?? 0);
  return crc32c(section.subarray(0, end)) === stored;
}
