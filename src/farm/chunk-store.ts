import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError } from '../errors.js';
import { describeWriteError, writeFileSafely } from '../io/temporary-file.js';

/** What is kept of a chunk: its description, its stream, and the quality of each packet. */
export type ChunkFile = 'json' | 'tsr' | 'qualities';

/** Keeps descriptions and results of chunks under the hash of the description. */
export interface ChunkStore {
  /** Returns a file; null if it is not there. */
  read(hash: string, file: ChunkFile): Promise<Uint8Array | null>;
  /** Writes a file, whole or not at all. */
  write(hash: string, file: ChunkFile, bytes: Uint8Array): Promise<void>;
}

/** A folder that all machines of a farm see. */
export class FolderStore implements ChunkStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(hash: string, file: ChunkFile): Promise<Uint8Array | null> {
    const path = this.#pathOf(hash, file);
    try {
      return await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new EnvironmentError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  async write(hash: string, file: ChunkFile, bytes: Uint8Array): Promise<void> {
    const path = this.#pathOf(hash, file);
    try {
      await mkdir(this.#folder, { recursive: true });
    } catch (error) {
      throw describeWriteError(error, path);
    }
    async function* pieces(): AsyncGenerator<Uint8Array, void, undefined> {
      await Promise.resolve();
      yield bytes;
    }
    await writeFileSafely(path, pieces(), { overwrite: true });
  }

  #pathOf(hash: string, file: ChunkFile): string {
    return join(this.#folder, `${hash}.${file}`);
  }
}
