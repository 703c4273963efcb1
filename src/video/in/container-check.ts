/** Finds cut files by their outermost structure, because FFmpeg plays the existing part without an error. */
import { type FileHandle, open } from 'node:fs/promises';
import { readBoxes } from './mp4-boxes.js';

/** The missing part of a cut file. */
export interface Cut {
  /** The number of bytes that its last element or box misses. */
  readonly missing: number;
  /** True if the length of the rest is unknown: a live recording. */
  readonly isOpen: boolean;
}

/**
 * Looks for the end of a file in its structure: the boxes of MP4 or QuickTime, the elements of Matroska. Other formats
 * are not looked at.
 *
 * @param formatName - libavformat's name of the demuxer
 * @returns null if the file has its declared length
 */
export async function findCut(path: string, formatName: string): Promise<Cut | null> {
  const check = formatName.startsWith('mov,') ? findMp4Cut : formatName.startsWith('matroska') ? findMatroskaCut : null;
  if (check === null) return null;
  const file = await open(path, 'r');
  try {
    const entry = await file.stat();
    return entry.isFile() ? await check(file, entry.size) : null;
  } finally {
    await file.close();
  }
}

async function findMp4Cut(file: FileHandle, size: number): Promise<Cut | null> {
  for await (const { end } of readBoxes(file, size)) if (end > size) return { missing: end - size, isOpen: false };
  return null;
}

const segmentId = 0x18538067;
const clusterId = 0x1f43b675;
const longestHeader = 12;

async function findMatroskaCut(file: FileHandle, size: number): Promise<Cut | null> {
  const header = Buffer.alloc(longestHeader);
  const read = async (at: number) => {
    const { bytesRead } = await file.read(header, 0, longestHeader, at);
    return readHeader(header.subarray(0, bytesRead), at);
  };
  const ebml = await read(0);
  const segment = ebml?.end == null ? null : await read(ebml.end);
  if (segment?.id !== segmentId) return null;
  if (segment.end !== null) return segment.end > size ? { missing: segment.end - size, isOpen: false } : null;
  // In a live recording, clusters may also have no length; then their elements are checked.
  for (let at = segment.start; at < size;) {
    const element = await read(at);
    // Bytes that do not form an element follow the last element, unless they are too short for one.
    if (element === null) return size - at < longestHeader ? { missing: 1, isOpen: true } : null;
    if (element.end === null && element.id !== clusterId) return null;
    at = element.end ?? element.start;
    if (at > size) return { missing: at - size, isOpen: true };
  }
  return null;
}

/**
 * Returns the start and end of the content of the element at `at` (end null: unknown); null if its header is not
 * complete.
 */
function readHeader(bytes: Buffer, at: number): { id: number; start: number; end: number | null } | null {
  const first = bytes[0];
  if (first === undefined || first < 16) return null;
  const idLength = Math.clz32(first) - 23;
  const marker = bytes[idLength];
  if (marker === undefined || marker === 0) return null;
  const sizeLength = Math.clz32(marker) - 23;
  if (idLength + sizeLength > bytes.length) return null;
  const mask = (1n << BigInt(7 * sizeLength)) - 1n;
  let size = 0n;
  for (let index = 0; index < sizeLength; index++) size = (size << 8n) | BigInt(bytes[idLength + index] ?? 0);
  size &= mask;
  const start = at + idLength + sizeLength;
  return { id: bytes.readUIntBE(0, idLength), start, end: size === mask ? null : start + Number(size) };
}
