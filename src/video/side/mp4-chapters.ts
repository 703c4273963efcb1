/** Chapters in MP4 and QuickTime: Nero's `chpl` box in `moov/udta`, which FFmpeg and most players read. */
import type { FileHandle } from 'node:fs/promises';
import { type Chapter, titleOf } from '../../bitstream/side-header.js';

const maximumChapters = 255;
const maximumTitle = 255;

interface Box {
  readonly type: string;
  readonly start: number;
  readonly headerLength: number;
  readonly end: number;
}

/**
 * Adds chapters to a file whose `moov` box is its last one, as libavformat writes it: nothing after it moves, so no
 * offset of sample data changes.
 *
 * @returns one line for each thing that `chpl` cannot hold
 */
export async function addMp4Chapters(file: FileHandle, chapters: readonly Chapter[]): Promise<string[]> {
  const { size } = await file.stat();
  const moov = await findLastBox(file, size);
  if (moov === null) throw new Error('the moov box is not the last one');
  const content = Buffer.alloc(moov.end - moov.start);
  await file.read(content, 0, content.length, moov.start);
  const kept = chapters.slice(0, maximumChapters);
  await file.write(appendToUdta(content, makeChapterBox(kept)), 0, null, moov.start);
  const gaps = kept.some((chapter, index) => {
    const next = kept[index + 1];
    return next !== undefined && next.start !== chapter.end;
  });
  return [
    ...(chapters.length > maximumChapters
      ? [`only the first ${maximumChapters} chapters are written: MP4 holds no more`]
      : []),
    ...(gaps ? ['chapters in MP4 last until the next one: gaps between them are lost'] : []),
  ];
}

async function findLastBox(file: FileHandle, size: number): Promise<Box | null> {
  let last: Box | null = null;
  for (let start = 0; start + 8 <= size;) {
    const header = Buffer.alloc(16);
    await file.read(header, 0, 16, start);
    const box = readBox(header, start, 0, size);
    if (box === null) return null;
    last = box;
    start = box.end;
  }
  return last?.type === 'moov' ? last : null;
}

/** Reads a box header at `at` of `bytes`, which start at `position` of the file. */
function readBox(bytes: Buffer, position: number, at: number, limit: number): Box | null {
  const short = bytes.readUInt32BE(at);
  const type = bytes.toString('latin1', at + 4, at + 8);
  const long = short === 1 && at + 16 <= bytes.length;
  const length = long ? Number(bytes.readBigUInt64BE(at + 8)) : short === 0 ? limit - position : short;
  const headerLength = long ? 16 : 8;
  if (length < headerLength || position + length > limit) return null;
  return { type, start: position, headerLength, end: position + length };
}

/** Returns the `moov` box with `box` at the end of its `udta`; adds a `udta` if there is none. */
function appendToUdta(moov: Buffer, box: Buffer): Buffer {
  for (let at = 8; at + 8 <= moov.length;) {
    const child = readBox(moov, at, at, moov.length);
    if (child === null) break;
    if (child.type === 'udta') {
      const result = Buffer.concat([moov.subarray(0, child.end), box, moov.subarray(child.end)]);
      result.writeUInt32BE(child.end - child.start + box.length, child.start);
      result.writeUInt32BE(result.length, 0);
      return result;
    }
    at = child.end;
  }
  const result = Buffer.concat([moov, makeBox('udta', box)]);
  result.writeUInt32BE(result.length, 0);
  return result;
}

/** Version 1: four unused bytes, a count, then for each chapter its start in units of 100 ns and its title. */
function makeChapterBox(chapters: readonly Chapter[]): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt8(1, 0);
  head.writeUInt8(chapters.length, 8);
  const entries = chapters.map((chapter) => {
    const title = cutUtf8(titleOf(chapter), maximumTitle);
    const entry = Buffer.alloc(9);
    entry.writeBigUInt64BE(BigInt(Math.max(chapter.start, 0)) * 10n, 0);
    entry.writeUInt8(title.length, 8);
    return Buffer.concat([entry, title]);
  });
  return makeBox('chpl', Buffer.concat([head, ...entries]));
}

function cutUtf8(text: string, limit: number): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  let end = Math.min(limit, bytes.length);
  // Do not cut within a character: continuation bytes are 10xxxxxx.
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

function makeBox(type: string, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + content.length, 0);
  header.write(type, 4, 'latin1');
  return Buffer.concat([header, content]);
}
