import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../errors.js';
import { describeTemporaryError, makeTemporaryFolder, removeScratch } from './scratch.js';

const memoryLimit = 8 << 20;
const readSize = 1 << 16;

/**
 * Bytes that are written once and can be read many times. Up to 8 MiB are in memory, more in a temporary file, which is
 * removed on disposal.
 */
export class Spool implements AsyncDisposable {
  #chunks: Uint8Array[] = [];
  #byteLength = 0;
  #file: FileHandle | null = null;
  #folder: string | null = null;

  /** The number of bytes written so far. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /**
   * Appends `bytes`, which the caller must not change afterwards.
   *
   * @throws EnvironmentError if the temporary file cannot be written
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    this.#byteLength += bytes.length;
    if (this.#file === null && this.#byteLength <= memoryLimit) {
      this.#chunks.push(bytes);
      return;
    }
    try {
      if (this.#file === null) {
        this.#folder = await makeTemporaryFolder();
        this.#file = await open(join(this.#folder, 'side'), 'wx+');
        await this.#file.writeFile(Buffer.concat(this.#chunks));
        this.#chunks = [];
      }
      await this.#file.writeFile(bytes);
    } catch (error) {
      throw error instanceof EnvironmentError ? error : describeTemporaryError(error);
    }
  }

  /** All bytes from the beginning, in chunks. */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#file === null) {
      yield* this.#chunks;
      return;
    }
    for (let position = 0; position < this.#byteLength; position += readSize) {
      const chunk = new Uint8Array(Math.min(readSize, this.#byteLength - position));
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, position);
      if (bytesRead < chunk.length)
        throw new EnvironmentError(`the temporary file in ${tmpdir()} was cut by someone else`);
      yield chunk;
    }
  }

  /** Forgets the bytes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#chunks = [];
    await this.#file?.close();
    this.#file = null;
    if (this.#folder !== null) await removeScratch(this.#folder);
    this.#folder = null;
  }
}
