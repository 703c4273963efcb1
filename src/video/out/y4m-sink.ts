import { open, type FileHandle } from 'node:fs/promises';
import type { Frame, VideoProperties } from '../frame.js';
import {
  createTemporaryFile,
  describeWriteError,
  type TemporaryFile,
  type TemporaryFileOptions,
} from '../../io/temporary-file.js';
import type { VideoSink } from './video-sink.js';
import { formatY4mFrame, formatY4mHeader, lossesOfY4m } from '../y4m-header.js';

/**
 * Creates a `.y4m` file.
 *
 * @throws as `createTemporaryFile`
 */
export async function openY4mSink(
  path: string,
  properties: VideoProperties,
  options: TemporaryFileOptions = {},
): Promise<VideoSink> {
  const file = await createTemporaryFile(path, options);
  try {
    const handle = await open(file.path, 'w');
    await handle.writeFile(formatY4mHeader(properties), 'latin1');
    return new Y4mSink(file, handle, properties);
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw describeWriteError(error, path);
  }
}

class Y4mSink implements VideoSink {
  readonly notes: readonly string[];
  readonly #file: TemporaryFile;
  readonly #handle: FileHandle;
  readonly #properties: VideoProperties;
  #open = true;

  constructor(file: TemporaryFile, handle: FileHandle, properties: VideoProperties) {
    this.#file = file;
    this.#handle = handle;
    this.#properties = properties;
    this.notes = lossesOfY4m(properties);
  }

  async write(frame: Frame): Promise<void> {
    const bytes = formatY4mFrame(frame, this.#properties);
    await this.#handle.writeFile(bytes).catch((error: unknown) => {
      throw describeWriteError(error, this.#file.target);
    });
  }

  async finish(): Promise<void> {
    await this.#close();
    await this.#file.commit();
  }

  async abort(): Promise<void> {
    await this.#close();
    await this.#file[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  async #close(): Promise<void> {
    if (this.#open) await this.#handle.close();
    this.#open = false;
  }
}
