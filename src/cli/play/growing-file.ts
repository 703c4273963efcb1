import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { describeTemporaryError, makeTemporaryFolder, removeScratch } from '../../io/scratch.js';

const CHUNK_BYTES = 1 << 16;

/** The bytes of a pipe in a temporary file, which can be read while they arrive. It disappears on disposal. */
export class GrowingFile implements AsyncDisposable {
  readonly path: string;
  readonly #folder: string;
  readonly #file: FileHandle;
  #byteLength = 0;
  #isComplete = false;
  /** Readers that wait for more bytes. */
  #waiting: (() => void)[] = [];

  private constructor(folder: string, path: string, file: FileHandle) {
    this.#folder = folder;
    this.path = path;
    this.#file = file;
  }

  /**
   * Starts to copy a pipe. Where it fails, the file ends.
   *
   * @param onFailure gets the reason.
   * @throws EnvironmentError if there is no room for temporary files.
   */
  static async start(bytes: AsyncIterable<Uint8Array>, onFailure: (error: unknown) => void): Promise<GrowingFile> {
    const folder = await makeTemporaryFolder();
    const path = join(folder, 'input');
    const file = await open(path, 'wx+').catch((error: unknown) => {
      throw describeTemporaryError(error);
    });
    const growing = new GrowingFile(folder, path, file);
    growing.#copy(bytes).catch(onFailure);
    return growing;
  }

  /** The number of bytes that have arrived. */
  get byteLength(): number {
    return this.#byteLength;
  }

  /** True: all bytes are in the file. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** All bytes from the first one on; waits for those that have not arrived. */
  async *read(): AsyncGenerator<Uint8Array, void, void> {
    let position = 0;
    for (;;) {
      if (position < this.#byteLength) {
        const { buffer, bytesRead } = await this.#file.read(new Uint8Array(CHUNK_BYTES), 0, CHUNK_BYTES, position);
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      } else if (this.#isComplete) return;
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
    await removeScratch(this.#folder);
  }

  async #copy(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of bytes) {
        await this.#file.writeFile(chunk);
        this.#byteLength += chunk.length;
        this.#grow();
      }
    } finally {
      this.#isComplete = true;
      this.#grow();
    }
  }

  #grow(): void {
    for (const resume of this.#waiting.splice(0)) resume();
  }
}
