/** Byte streams of unknown length: looking at their beginning, reading exact amounts, keeping them in a file. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfCancelled } from '../errors.js';
import { describeTemporaryError, makeTemporaryFolder, removeScratch } from './scratch.js';

/** Bytes kept in a temporary file that disappears when this is disposed. */
export interface SpooledFile extends AsyncDisposable {
  readonly path: string;
  readonly byteLength: number;
}

/** Reads at least `count` bytes (fewer only at the end). Returns them and the whole stream. */
export async function takeFirstBytes(
  bytes: AsyncIterable<Uint8Array>,
  count: number,
): Promise<{ first: Uint8Array; all: AsyncGenerator<Uint8Array, void, undefined> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let first: Uint8Array = new Uint8Array(0);
  while (first.length < count) {
    const next = await iterator.next();
    if (next.done === true) break;
    first = Buffer.concat([first, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (first.length > 0) yield first;
      while (true) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { first, all: all() };
}

/** Reads exact numbers of bytes from a byte stream with chunks of any size. Holds one chunk. */
export class ByteReader implements AsyncDisposable {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#iterator = bytes[Symbol.asyncIterator]();
  }

  /**
   * Returns a new array of `length` bytes; shorter if the stream ends before. Memory is allocated only for bytes that
   * arrive.
   */
  async read(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0 && (await this.#refill())) {
      const part = this.#chunk.subarray(0, missing);
      parts.push(part);
      missing -= part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    const result = new Uint8Array(length - missing);
    let filled = 0;
    for (const part of parts) {
      result.set(part, filled);
      filled += part.length;
    }
    return result;
  }

  /**
   * Returns the bytes before the next line feed and drops the line feed; null at the end, or if there are more than
   * `limit` bytes.
   */
  async readLine(limit: number): Promise<string | null> {
    let line: Uint8Array = new Uint8Array(0);
    while (await this.#refill()) {
      const end = this.#chunk.indexOf(10);
      const part = end < 0 ? this.#chunk : this.#chunk.subarray(0, end);
      line = Buffer.concat([line, part]);
      this.#chunk = this.#chunk.subarray(end < 0 ? part.length : end + 1);
      if (line.length > limit) return null;
      if (end >= 0) return Buffer.from(line).toString('latin1');
    }
    return null;
  }

  /** Returns true if no byte is left. */
  async atEnd(): Promise<boolean> {
    return !(await this.#refill());
  }

  /** Tells the producer that the reader has stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#iterator.return?.();
  }

  async #refill(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next = await this.#iterator.next();
      if (next.done === true) return false;
      this.#chunk = next.value;
    }
    return true;
  }
}

/**
 * Writes a byte stream to a temporary file.
 *
 * @throws EnvironmentError if it cannot be written; CancelledError. The file is removed then.
 */
export async function spoolToFile(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<SpooledFile> {
  const folder = await makeTemporaryFolder();
  const remove = () => removeScratch(folder);
  const path = join(folder, 'input');
  try {
    const file = await open(path, 'wx');
    let byteLength = 0;
    try {
      for await (const chunk of bytes) {
        throwIfCancelled(signal);
        await writeAll(file, chunk);
        byteLength += chunk.length;
      }
    } finally {
      await file.close();
    }
    return { path, byteLength, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }

  async function writeAll(file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
    try {
      await file.writeFile(chunk);
    } catch (error) {
      throw describeTemporaryError(error);
    }
  }
}
