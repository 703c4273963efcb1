import type { ByteRange, PlayerBytes } from './byte-sources.js';
import { networkFailure, unusableSource } from './failure.js';

/** The largest number of bytes that are kept, so that a live pipe can play for days. */
const KEPT_BYTES = 2 ** 29;
/** Reading stops while nobody has read this number of bytes that have arrived. */
const AHEAD_BYTES = 2 ** 26;

interface Chunk {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** Bytes that arrive in order: a pipe, or the answer of a server without ranges. All of them are kept, for seeking. */
export class GrowingSource implements PlayerBytes {
  readonly isRandom = false;
  readonly isLocal = false;
  readonly #name: string;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #chunks: Chunk[] = [];
  #first = 0;
  #end = 0;
  #isComplete = false;
  #failure: unknown;
  #furthestRead = 0;
  /** Called when bytes arrive, are read, or the source ends. */
  #wakes: (() => void)[] = [];

  /** @param name the subject of messages. */
  constructor(stream: ReadableStream<Uint8Array>, name: string) {
    this.#name = name;
    this.#reader = stream.getReader();
    void this.#collect();
  }

  get size(): number {
    return this.#isComplete ? this.#end : Infinity;
  }

  get held(): readonly ByteRange[] {
    return this.#chunks.length === 0 ? [] : [{ start: this.#chunks[0]!.start, end: this.#end }];
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    while (offset >= this.#end && !this.#isComplete) {
      if (this.#failure !== undefined) throw networkFailure(this.#name, this.#failure);
      this.#note(offset);
      await this.#change();
    }
    if (offset < this.#first) {
      throw unusableSource(`${this.#name} cannot go back that far: only its last ${KEPT_BYTES >> 20} MiB are kept`);
    }
    const chunk = this.#chunks[this.#find(offset)];
    if (chunk === undefined || offset >= this.#end) return new Uint8Array(0);
    const bytes = chunk.bytes.subarray(offset - chunk.start, offset - chunk.start + length);
    this.#note(offset + bytes.length);
    return bytes;
  }

  close(): void {
    this.#failure ??= new Error('it was closed');
    this.#wake();
    void this.#reader.cancel().catch(() => undefined);
  }

  async #collect(): Promise<void> {
    try {
      while (this.#failure === undefined) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        if (value.length === 0) continue;
        this.#chunks.push({ start: this.#end, bytes: value });
        this.#end += value.length;
        while (this.#end - this.#first > KEPT_BYTES && this.#chunks.length > 1) {
          this.#chunks.shift();
          this.#first = this.#chunks[0]!.start;
        }
        this.#wake();
        while (this.#end - this.#furthestRead > AHEAD_BYTES && !this.#hasFailed()) await this.#change();
      }
      this.#isComplete = this.#failure === undefined;
    } catch (error) {
      this.#failure ??= error;
    }
    this.#wake();
  }

  #hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Returns the index of the chunk with the byte at `offset`. */
  #find(offset: number): number {
    let [low, high] = [0, this.#chunks.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#chunks[middle]!.start <= offset) low = middle;
      else high = middle;
    }
    return low;
  }

  #note(offset: number): void {
    if (offset <= this.#furthestRead) return;
    this.#furthestRead = offset;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  #wake(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }
}
