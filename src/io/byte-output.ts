import { open, type FileHandle } from 'node:fs/promises';
import {
  createTemporaryFile,
  describeWriteError,
  type TemporaryFile,
  type TemporaryFileOptions,
} from './temporary-file.js';

/** Where bytes are written: a file, a pipe, memory. Bytes arrive in order; nothing is ever rewritten. */
export interface ByteSink {
  /** Resolves when the sink can take more, so the writer waits for the sink. */
  write(bytes: Uint8Array): Promise<void>;
}

/** A byte sink. {@link ByteOutput.finish} completes it. If it is disposed before that, nothing is left. */
export interface ByteOutput extends ByteSink, AsyncDisposable {
  finish(): Promise<void>;
}

/**
 * Opens a file under a temporary name, or uses the caller's sink; the caller closes that sink.
 *
 * @throws InputError if the file exists (without `overwrite`), is an input, or its folder is missing; EnvironmentError
 * if it cannot be written.
 */
export async function openByteOutput(output: string | ByteSink, options: TemporaryFileOptions): Promise<ByteOutput> {
  if (typeof output !== 'string') {
    const none = (): Promise<void> => Promise.resolve();
    return { write: (bytes) => output.write(bytes), finish: none, [Symbol.asyncDispose]: none };
  }
  const file = await createTemporaryFile(output, options);
  try {
    return new FileOutput(file, await open(file.path, 'w'));
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw describeWriteError(error, output);
  }
}

class FileOutput implements ByteOutput {
  readonly #file: TemporaryFile;
  #handle: FileHandle | null;

  constructor(file: TemporaryFile, handle: FileHandle) {
    this.#file = file;
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#handle?.writeFile(bytes);
    } catch (error) {
      throw describeWriteError(error, this.#file.target);
    }
  }

  async finish(): Promise<void> {
    await this.#close();
    await this.#file.commit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close().catch(() => undefined);
    await this.#file[Symbol.asyncDispose]();
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    try {
      await handle?.close();
    } catch (error) {
      throw describeWriteError(error, this.#file.target);
    }
  }
}
