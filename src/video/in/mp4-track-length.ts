/**
 * The shown length of a track of MP4 or QuickTime (ISO/IEC 14496-12, 8.3.2 and 8.6.5). libavformat adds up the
 * durations of the samples in decoding order instead: with uneven distances and B-frames that sum is wrong.
 */
import { open } from 'node:fs/promises';
import { readBoxes } from './mp4-boxes.js';

/** Tables of a movie of many hours take some MiB. */
const MOVIE_LIMIT = 1 << 26;

/**
 * Returns the time at which a track with an edit list ends, in seconds on the movie's time line.
 *
 * @param id - the track's number in the file
 * @returns null if it is unknown: the file is not MP4, or the track has no edit list or no length
 */
export async function readTrackEnd(path: string, id: number): Promise<number | null> {
  const movie = await readMovie(path);
  if (movie === null) return null;
  const header = childrenOf(movie).get('mvhd')?.[0];
  const scale = header === undefined ? undefined : numbersOf(header, [0, 0, 4, 0]).at(2);
  if (scale === undefined || scale === 0) return null;
  for (const track of childrenOf(movie).get('trak') ?? []) {
    const boxes = childrenOf(track);
    const trackHeader = boxes.get('tkhd')?.[0];
    if (trackHeader === undefined) continue;
    const [, , trackId, , duration] = numbersOf(trackHeader, [0, 0, 4, 4, 0]);
    if (trackId !== id) continue;
    const isKnown = boxes.has('edts') && duration !== undefined && duration > 0 && duration < 0xffffffff;
    return isKnown ? duration / scale : null;
  }
  return null;
}

/** Reads the content of the `moov` box. */
async function readMovie(path: string): Promise<Buffer | null> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for await (const { type, start, end } of readBoxes(file, size)) {
      if (type !== 'moov') continue;
      if (end > size || end - start > MOVIE_LIMIT) return null;
      const movie = Buffer.alloc(end - start);
      await file.read(movie, 0, movie.length, start);
      return movie;
    }
    return null;
  } finally {
    await file.close();
  }
}

/** Returns the contents of the boxes in a box, by their type. */
function childrenOf(bytes: Buffer): Map<string, Buffer[]> {
  const children = new Map<string, Buffer[]>();
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at);
    if (length < 8 || at + length > bytes.length) break;
    const type = bytes.toString('latin1', at + 4, at + 8);
    children.set(type, [...(children.get(type) ?? []), bytes.subarray(at + 8, at + length)]);
    at += length;
  }
  return children;
}

/**
 * Reads the numbers of a full box after its version and flags.
 *
 * @param sizes - bytes of each; 0: 4 bytes in version 0, 8 bytes in version 1
 */
function numbersOf(box: Buffer, sizes: readonly number[]): number[] {
  const numbers: number[] = [];
  let at = 4;
  for (const size of sizes) {
    const width = size === 0 ? (box[0] === 1 ? 8 : 4) : size;
    if (at + width > box.length) break;
    numbers.push(width === 8 ? Number(box.readBigUInt64BE(at)) : box.readUInt32BE(at));
    at += width;
  }
  return numbers;
}
