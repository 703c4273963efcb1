/**
 * Chapters in Matroska and WebM (RFC 9559, 5.1.7): an element at the end of the file, with an entry in the seek head.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Chapter, titleOf } from '../../bitstream/side-header.js';

const segmentId = 0x18538067;
const seekHeadId = 0x114d9b74;
const chaptersId = 0x1043a770;
const voidId = 0xec;
const crcId = 0xbf;

/** An element's header where it stands in a buffer. */
interface Element {
  readonly id: number;
  readonly start: number;
  /** Bytes of the size field. */
  readonly sizeLength: number;
  readonly sizeStart: number;
  readonly contentStart: number;
  readonly contentEnd: number;
}

/**
 * Adds chapters to a file of libavformat's Matroska muxer: the seek head, which has free space after it, gets one more
 * entry, and the segment grows by the new element at its end.
 *
 * @returns one line for each thing that cannot be stored: always empty
 */
export async function addMatroskaChapters(file: FileHandle, chapters: readonly Chapter[]): Promise<string[]> {
  const { size } = await file.stat();
  const head = Buffer.alloc(Math.min(size, 1 << 16));
  await file.read(head, 0, head.length, 0);
  const segment = readElement(head, readElement(head, 0).contentEnd);
  const seekHead = readElement(head, segment.contentStart);
  const room = readElement(head, seekHead.contentEnd);
  if (segment.id !== segmentId || seekHead.id !== seekHeadId || room.id !== voidId || segment.contentEnd !== size) {
    throw new Error('the file is not laid out as libavformat does it');
  }
  const seek = element(
    0x4dbb,
    element(0x53ab, unsigned(chaptersId)),
    element(0x53ac, unsigned(size - segment.contentStart)),
  );
  const entries = Buffer.concat([withoutCrc(head.subarray(seekHead.contentStart, seekHead.contentEnd)), seek]);
  const newSeekHead = element(seekHeadId, element(crcId, littleEndian32(crc32(entries))), entries);
  const left = room.contentEnd - seekHead.start - newSeekHead.length;
  // A Void element needs an identifier and a size field: here one of eight bytes.
  if (left < 9) throw new Error('the seek head has no room for chapters');
  const newVoid = Buffer.alloc(left);
  newVoid.writeUInt8(voidId, 0);
  newVoid.writeBigUInt64BE((1n << 56n) | BigInt(left - 9), 1);

  const edition = element(
    0x45b9,
    element(0x45db, unsigned(1)),
    ...chapters.map((chapter, index) => makeAtom(chapter, index + 1)),
  );
  const added = element(chaptersId, edition);
  if (segment.sizeLength !== 8) throw new Error('the segment has a short size field');
  const segmentSize = Buffer.alloc(8);
  segmentSize.writeBigUInt64BE((1n << 56n) | BigInt(size - segment.contentStart + added.length));
  await file.write(added, 0, null, size);
  await file.write(Buffer.concat([newSeekHead, newVoid]), 0, null, seekHead.start);
  await file.write(segmentSize, 0, null, segment.sizeStart);
  return [];
}

function makeAtom(chapter: Chapter, uid: number): Buffer {
  const title = titleOf(chapter);
  const display =
    title === ''
      ? []
      : [element(0x80, element(0x85, Buffer.from(title, 'utf8')), element(0x437c, Buffer.from('und', 'latin1')))];
  return element(
    0xb6,
    element(0x73c4, unsigned(uid)),
    element(0x91, unsigned(Math.max(chapter.start, 0) * 1000)),
    element(0x92, unsigned(Math.max(chapter.end, 0) * 1000)),
    ...display,
  );
}

/** Returns the content of a master element without its leading CRC-32. */
function withoutCrc(content: Buffer): Buffer {
  const first = readElement(content, 0);
  return first.id === crcId ? content.subarray(first.contentEnd) : content;
}

function readElement(bytes: Buffer, start: number): Element {
  const idLength = Math.clz32(bytes.readUInt8(start)) - 23;
  const sizeStart = start + idLength;
  const sizeLength = Math.clz32(bytes.readUInt8(sizeStart)) - 23;
  if (idLength > 4 || sizeLength > 8) throw new Error('not an EBML element');
  let size = BigInt(bytes.readUInt8(sizeStart) & (0xff >> sizeLength));
  for (let index = 1; index < sizeLength; index++) size = (size << 8n) | BigInt(bytes.readUInt8(sizeStart + index));
  const contentStart = sizeStart + sizeLength;
  return {
    id: bytes.readUIntBE(start, idLength),
    start,
    sizeLength,
    sizeStart,
    contentStart,
    contentEnd: contentStart + Number(size),
  };
}

function element(id: number, ...content: readonly Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  // One byte can express up to 126; four bytes are enough for any list of chapters.
  const size = length < 127 ? Buffer.from([0x80 | length]) : unsigned(0x10000000 + length);
  return Buffer.concat([unsigned(id), size, ...content]);
}

/** Big endian, without leading zero bytes. */
function unsigned(value: number): Buffer {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

function littleEndian32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
