import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describeTemporaryError, makeTemporaryFolder, removeScratch } from '../../io/scratch.js';
import type { Frame } from '../../video/frame.js';

/** Frames with more bytes in total are kept in a temporary file. */
const MEMORY_LIMIT = 256 << 20;

/** A frame in the temporary file. */
interface FiledFrame {
  readonly position: number;
  readonly frame: Omit<Frame, 'y' | 'u' | 'v'>;
  /** Bytes of each plane. */
  readonly y: number;
  readonly u: number;
  readonly v: number;
}

/**
 * Frames of a source that can be read more than once, as long as they are not dropped. Frames are numbered from 0 in
 * display order. Large amounts are kept in a temporary file.
 */
export class FrameQueue implements AsyncDisposable {
  readonly #source: AsyncIterator<Frame, unknown>;
  readonly #memoryLimit: number;
  readonly #frames = new Map<number, Frame | FiledFrame>();
  /** The end of the last read from the source: several readers ask for frames at a time. */
  #reading: Promise<unknown> = Promise.resolve();
  #memory = 0;
  #taken = 0;
  #dropped = 0;
  #isEnd = false;
  #folder: string | null = null;
  #file: FileHandle | null = null;
  #fileEnd = 0;
  readonly #freePositions: number[] = [];

  /** @param memoryLimit bytes of frames in memory at most. */
  constructor(source: AsyncIterable<Frame>, memoryLimit = MEMORY_LIMIT) {
    this.#source = source[Symbol.asyncIterator]();
    this.#memoryLimit = memoryLimit;
  }

  /** The number of frames of the source; null if its end has not been reached. */
  get length(): number | null {
    return this.#isEnd ? this.#taken : null;
  }

  /** Yields the frames from number `from` on, which must not be dropped; to number `to`, not included, or to the end. */
  async *read(from: number, to = Infinity): AsyncGenerator<Frame, void, undefined> {
    for (let index = from; index < to; index++) {
      const frame = await this.#get(index);
      if (frame === null) return;
      yield frame;
    }
  }

  /** Whether there is a frame with this number. */
  async has(index: number): Promise<boolean> {
    while (index >= this.#taken) {
      const taken = this.#reading.then(() => index < this.#taken || this.#take());
      this.#reading = taken.catch(() => undefined);
      if (!(await taken)) return false;
    }
    return true;
  }

  /** Yields the frames from number `from` to number `to`, not included; each is forgotten when the next one is asked for. */
  async *readOnce(from: number, to: number): AsyncGenerator<Frame, void, undefined> {
    for (let index = from; index < to; index++) {
      const frame = await this.#get(index);
      if (frame === null) return;
      yield frame;
      this.#forget(index);
    }
  }

  /** Forgets the frames before number `before`. */
  drop(before: number): void {
    for (; this.#dropped < before; this.#dropped++) this.#forget(this.#dropped);
  }

  #forget(index: number): void {
    const held = this.#frames.get(index);
    if (held === undefined) return;
    this.#frames.delete(index);
    if ('position' in held) this.#freePositions.push(held.position);
    else this.#memory -= bytesOf(held);
  }

  async #get(index: number): Promise<Frame | null> {
    if (!(await this.has(index))) return null;
    const held = this.#frames.get(index);
    if (held === undefined) throw new Error(`frame ${index} was dropped`);
    return 'position' in held ? await this.#load(held) : held;
  }

  async #take(): Promise<boolean> {
    if (this.#isEnd) return false;
    const next = await this.#source.next();
    if (next.done === true) {
      this.#isEnd = true;
      return false;
    }
    const frame = next.value;
    const index = this.#taken++;
    if (index < this.#dropped) return true;
    const bytes = bytesOf(frame);
    if (this.#memory + bytes <= this.#memoryLimit) {
      this.#memory += bytes;
      this.#frames.set(index, frame);
    } else {
      this.#frames.set(index, await this.#save(frame));
    }
    return true;
  }

  async #save({ y, u, v, ...frame }: Frame): Promise<FiledFrame> {
    try {
      if (this.#file === null) {
        this.#folder = await makeTemporaryFolder();
        this.#file = await open(join(this.#folder, 'frames'), 'wx+');
      }
      // All frames of a video have the same size.
      let position = this.#freePositions.pop();
      if (position === undefined) {
        position = this.#fileEnd;
        this.#fileEnd += y.length + u.length + v.length;
      }
      await this.#file.write(Buffer.concat([y, u, v]), 0, undefined, position);
      return { position, frame, y: y.length, u: u.length, v: v.length };
    } catch (error) {
      throw describeTemporaryError(error);
    }
  }

  async #load({ position, frame, y, u, v }: FiledFrame): Promise<Frame> {
    const bytes = new Uint8Array(y + u + v);
    await this.#file!.read(bytes, 0, bytes.length, position);
    return { ...frame, y: bytes.subarray(0, y), u: bytes.subarray(y, y + u), v: bytes.subarray(y + u) };
  }

  /** Forgets all frames and ends the source. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
    this.#frames.clear();
    await this.#file?.close();
    this.#file = null;
    if (this.#folder !== null) await removeScratch(this.#folder);
    this.#folder = null;
  }
}

function bytesOf({ y, u, v }: Frame): number {
  return y.length + u.length + v.length;
}
