/** Finding cut files by their outermost structure: FFmpeg plays what is there and says nothing. */
import { type FileHandle, open } from 'node:fs/promises';

/**
 * True if the file says itself that it is longer than it is: a box of MP4 or QuickTime, or the segment of a Matroska
 * file, that ends beyond the file. Other formats are not looked at.
 *
 * @param formatName - libavformat's name of the demuxer
 */
export async function isCut(path: string, formatName: string): Promise<boolean> {
  const check = formatName.startsWith('mov,') ? isMp4Cut : formatName.startsWith('matroska') ? isMatroskaCut : null;
  if (check === null) return false;
  const file = await open(path, 'r');
  try {
    const entry = await file.stat();
    return entry.isFile() && (await check(file, entry.size));
  } finally {
    await file.close();
  }
}

async function isMp4Cut(file: FileHandle, size: number): Promise<boolean> {
  const header = Buffer.alloc(16);
  for (let at = 0; at + 8 <= size;) {
    const { bytesRead } = await file.read(header, 0, 16, at);
    const short = header.readUInt32BE(0);
    // 0: to the end of the file; 1: a 64-bit length follows.
    if (short === 0) return false;
    const length = short === 1 && bytesRead === 16 ? Number(header.readBigUInt64BE(8)) : short;
    // What is shorter than its own header is no box: something foreign stands behind the last one.
    if (length < 8) return false;
    at += length;
    if (at > size) return true;
  }
  return false;
}

async function isMatroskaCut(file: FileHandle, size: number): Promise<boolean> {
  const head = Buffer.alloc(Math.min(size, 4096));
  await file.read(head, 0, head.length, 0);
  const ebml = readHeader(head, 0);
  const segment = ebml?.end == null ? null : readHeader(head, ebml.end);
  return segment?.end != null && segment.end > size;
}

/** End of the element at `at`; null if its size is not told (a live stream). */
function readHeader(bytes: Buffer, at: number): { end: number | null } | null {
  const first = bytes[at];
  if (first === undefined || first === 0) return null;
  const sizeAt = at + Math.clz32(first) - 23;
  const marker = bytes[sizeAt];
  if (marker === undefined || marker === 0) return null;
  const sizeLength = Math.clz32(marker) - 23;
  if (sizeAt + sizeLength > bytes.length) return null;
  const mask = (1n << BigInt(7 * sizeLength)) - 1n;
  let size = 0n;
  for (let index = 0; index < sizeLength; index++) size = (size << 8n) | BigInt(bytes[sizeAt + index] ?? 0);
  size &= mask;
  return { end: size === mask ? null : sizeAt + sizeLength + Number(size) };
}
