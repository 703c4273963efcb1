import type { FileHandle } from 'node:fs/promises';

/** A box of MP4 or QuickTime at the top level of a file (ISO/IEC 14496-12, 4.2). */
export interface Mp4Box {
  readonly type: string;
  /** The start of its content, and its declared end. In a cut file the end is after the end of the file. */
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the headers of the boxes of a file of `size` bytes. Stops at a box without a length, and at bytes that do not
 * form a box.
 */
export async function* readBoxes(file: FileHandle, size: number): AsyncGenerator<Mp4Box, void, undefined> {
  const header = Buffer.alloc(16);
  for (let at = 0; at + 8 <= size;) {
    const { bytesRead } = await file.read(header, 0, 16, at);
    const short = header.readUInt32BE(0);
    // 0: to the end of the file; 1: a 64-bit length follows.
    if (short === 0) return;
    const isLong = short === 1 && bytesRead === 16;
    const length = isLong ? Number(header.readBigUInt64BE(8)) : short;
    // A length smaller than the header means that other data follow the last box.
    if (length < 8) return;
    yield { type: header.toString('latin1', 4, 8), start: at + (isLong ? 16 : 8), end: at + length };
    at += length;
  }
}
