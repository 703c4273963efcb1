import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { uint, uint64, varint, zigzag } from './field-types.js';
import { PACKET_COUNT_LIMIT, SECTION_PAYLOAD_LIMIT, TIME_LIMIT } from './limits.js';
import { SECTION_CRC_BYTES } from './section.js';
import { structure } from './structure.js';

/** The position of a key packet. */
export interface IndexEntry {
  /** Byte offset of its section in the stream. */
  readonly offset: number;
  readonly pts: bigint;
  /** The number of packets before it in the stream. */
  readonly packetNumber: number;
}

/** Key packets of a stream, in the order of the stream. */
export interface StreamIndex {
  readonly keys: readonly IndexEntry[];
}

const OFFSET_LIMIT = 2n ** 53n - 1n;

/**
 * One entry of the index. All three values are differences to the entry before; the first entry has differences to 0.
 */
export const indexEntryFields = structure({
  offset: varint(OFFSET_LIMIT),
  pts: zigzag(),
  packetNumber: varint(BigInt(PACKET_COUNT_LIMIT)),
});

/** Payload of the end section. It has a fixed size, so that it can be found from the tail of a file. */
export const streamEndFields = structure({
  packetCount: uint(4, 0, PACKET_COUNT_LIMIT),
  duration: uint64(2n * TIME_LIMIT - 1n),
  indexOffset: uint64(OFFSET_LIMIT),
});

/** The contents of the end section. */
export interface StreamEnd {
  /** The number of packets in the stream. */
  readonly packetCount: number;
  /** The time from the start of the first frame to the end of the last frame, in ticks. */
  readonly duration: bigint;
  /** Offset in the stream of the index section; 0n: none. */
  readonly indexOffset: bigint;
}

const END_PAYLOAD_BYTES = 20;

/** The size of a whole end section in bytes: type, one byte of length, payload, CRC. */
export const END_SECTION_BYTES = 2 + END_PAYLOAD_BYTES + SECTION_CRC_BYTES;

/** Payload of the end section. */
export function encodeEnd(end: StreamEnd): Uint8Array {
  const writer = new ByteWriter();
  streamEndFields.write(writer, end, 'end');
  return writer.finish();
}

/** @throws BitstreamError */
export function decodeEnd(payload: Uint8Array, offset: number): StreamEnd {
  const reader = new ByteReader(payload, offset);
  const end = streamEndFields.read(reader, 'end');
  if (reader.remaining > 0) throw reader.error('the end section is too long', 'end');
  return end;
}

/** Returns the payload of an index section; null if there are too many key packets for one section. */
export function encodeIndex({ keys }: StreamIndex): Uint8Array | null {
  const writer = new ByteWriter();
  writer.varint(BigInt(keys.length));
  let before: IndexEntry = { offset: 0, pts: 0n, packetNumber: 0 };
  for (const entry of keys) {
    const offset = BigInt(entry.offset - before.offset);
    const packetNumber = BigInt(entry.packetNumber - before.packetNumber);
    indexEntryFields.write(writer, { offset, pts: entry.pts - before.pts, packetNumber }, 'index');
    before = entry;
    if (writer.length > SECTION_PAYLOAD_LIMIT) return null;
  }
  return writer.finish();
}

/** @throws BitstreamError */
export function decodeIndex(payload: Uint8Array, offset: number): StreamIndex {
  const reader = new ByteReader(payload, offset);
  const count = reader.varint('entryCount');
  // An entry has at least three bytes, so an impossible count allocates nothing.
  if (count * 3n > BigInt(reader.remaining)) throw reader.error(`${count} index entries`, 'entryCount', offset);
  const keys: IndexEntry[] = [];
  let before: IndexEntry = { offset: 0, pts: 0n, packetNumber: 0 };
  for (let index = 0; index < Number(count); index++) {
    const difference = indexEntryFields.read(reader, 'index');
    const entry = {
      offset: before.offset + Number(difference.offset),
      pts: before.pts + difference.pts,
      packetNumber: before.packetNumber + Number(difference.packetNumber),
    };
    const isFirst = index === 0;
    if (!isFirst && (entry.offset <= before.offset || entry.packetNumber <= before.packetNumber)) {
      throw reader.error('index entries are not in order', 'offset');
    }
    if (entry.offset > Number(OFFSET_LIMIT) || entry.packetNumber > PACKET_COUNT_LIMIT) {
      throw reader.error('an index entry is out of range', 'offset');
    }
    keys.push(entry);
    before = entry;
  }
  if (reader.remaining > 0) throw reader.error('bytes follow the index entries', 'index');
  return { keys };
}

/** Returns the last key packet at or before `pts`, or the first key packet if all are later; null if there is none. */
export function findKey({ keys }: StreamIndex, pts: bigint): IndexEntry | null {
  let found = keys[0] ?? null;
  for (const entry of keys) {
    if (entry.pts <= pts && (found === null || found.pts > pts || entry.pts >= found.pts)) found = entry;
  }
  return found;
}
