import type { KeyFrameFinder } from '../../codec/key-frame-finder.js';
import type { Frame } from '../../video/frame.js';
import type { FrameQueue } from './frame-queue.js';

/** A chunk of a video whose end need not be known: frames from a key frame up to the next one. */
export interface ChunkPlace {
  /** Number of the chunk, from 0. */
  readonly index: number;
  /** Number of its first frame. */
  readonly from: number;
}

/**
 * Finds the chunks of a video. It looks no further ahead than it is asked for; the frames that it has seen stay in the
 * queue until they are dropped or read.
 */
export class ChunkFinder {
  readonly #queue: FrameQueue;
  readonly #finder: Pick<KeyFrameFinder, 'isKey'>;
  /** Numbers of key frames, of all frames before `#seen`. */
  readonly #keys = new Set<number>();
  #seen = 0;
  /** The end of the last look: several readers ask at a time. */
  #looking: Promise<unknown> = Promise.resolve();

  constructor(queue: FrameQueue, finder: Pick<KeyFrameFinder, 'isKey'>) {
    this.#queue = queue;
    this.#finder = finder;
  }

  /** Yields all chunks, each as soon as its first frame is found. */
  async *places(): AsyncGenerator<ChunkPlace, void, undefined> {
    let from = 0;
    for (let index = 0; await this.#look(from); index++) {
      yield { index, from };
      from = await this.endOf(from);
    }
  }

  /** The number of the frame behind the last one of the chunk that begins with a frame. */
  async endOf(from: number): Promise<number> {
    let to = from + 1;
    while ((await this.#look(to)) && !this.#keys.has(to)) to++;
    return to;
  }

  /** Yields the frames of the chunk that begins with a frame; the queue forgets each when the next one is asked for. */
  async *framesOnce({ from }: ChunkPlace): AsyncGenerator<Frame, void, undefined> {
    for (let index = from; await this.#look(index); index++) {
      if (index > from && this.#keys.has(index)) return;
      yield* this.#queue.readOnce(index, index + 1);
    }
  }

  /** Looks at all frames up to one; false if there is no such frame. */
  async #look(index: number): Promise<boolean> {
    while (index >= this.#seen) {
      const looked = this.#looking.then(() => index < this.#seen || this.#lookAtNext());
      this.#looking = looked.catch(() => undefined);
      if (!(await looked)) return false;
    }
    return true;
  }

  async #lookAtNext(): Promise<boolean> {
    for await (const frame of this.#queue.read(this.#seen, this.#seen + 1)) {
      if (await this.#finder.isKey(frame)) this.#keys.add(this.#seen);
      this.#seen++;
      return true;
    }
    return false;
  }
}
