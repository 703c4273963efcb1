import { SIDE_CHUNK_BYTES } from '../bitstream/limits.js';
import type { StreamWriter } from '../bitstream/stream-writer.js';
import type { Encoder } from '../codec/encoder.js';
import type { CompressOptions } from './compress-options.js';
import type { Frame, VideoProperties } from '../video/frame.js';
import type { VideoSource } from '../video/in/media-reader.js';
import type { SideTracks } from '../video/side/side-tracks.js';
import type { LongCallOptions } from './progress.js';
import { ticksToSeconds } from './ticks.js';

/** Writes side tracks, if there are any. */
export async function writeSide(side: SideTracks | null, writer: StreamWriter): Promise<void> {
  if (side !== null) await writer.writeSide(gather(side.bytes(), SIDE_CHUNK_BYTES));
}

/**
 * Yields the same bytes in pieces of `size` bytes; the last piece may be smaller. Larger pieces save bytes, because
 * each section has its own framing.
 */
async function* gather(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    length += chunk.length;
    if (length < size) continue;
    const all = Buffer.concat(held);
    let at = 0;
    for (; at + size <= length; at += size) yield all.subarray(at, at + size);
    held = [all.subarray(at)];
    length -= at;
  }
  if (length > 0) yield Buffer.concat(held);
}

/** Notes for the user. Passes on each note of the sources once. */
export class NoteBook {
  readonly lines: string[] = [];
  readonly #onNote: LongCallOptions['onNote'];

  constructor(onNote: LongCallOptions['onNote']) {
    this.#onNote = onNote;
  }

  add(line: string): void {
    this.lines.push(line);
    this.#onNote?.(line);
  }

  /** Adds the notes of a source that are new. A video that is read twice tells them twice. */
  update({ notes }: Pick<VideoSource, 'notes'>): void {
    for (const note of notes) if (!this.lines.includes(note)) this.add(note);
  }
}

/** Tells why the GPU is used, if the caller did not ask for it. */
export function noteDevice(
  { device }: Pick<Encoder, 'device'>,
  options: Pick<CompressOptions, 'device'>,
  notes: NoteBook,
): void {
  if ((options.device ?? 'auto') !== device.device && device.device === 'cuda') {
    notes.add(`on ${device.device}: ${device.reason}`);
  }
}

/** Measures the time from the start of the first frame to the end of the last frame. */
export class Clock {
  #first: bigint | null = null;
  #end = 0n;

  add({ pts, duration }: Pick<Frame, 'pts' | 'duration'>): void {
    if (this.#first === null || pts < this.#first) this.#first = pts;
    if (pts + duration > this.#end) this.#end = pts + duration;
  }

  seconds({ timeBase }: VideoProperties): number {
    return ticksToSeconds(this.#end - (this.#first ?? 0n), timeBase);
  }
}
