import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EnvironmentError } from '../errors.js';
import { isUrl, parseUrl, publicNameOf, send } from './http.js';
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

/** A prefix of addresses with GET and PUT, such as that of an object store; its query (a signature) is kept. */
export class HttpStore implements ChunkStore {
  readonly #prefix: URL;

  constructor(prefix: string) {
    this.#prefix = parseUrl(prefix);
  }

  async read(hash: string, file: ChunkFile): Promise<Uint8Array | null> {
    const response = await send(this.#urlOf(hash, file), { method: 'GET' });
    if (response.status !== 404) return new Uint8Array(await response.arrayBuffer());
    await response.body?.cancel();
    return null;
  }

  async write(hash: string, file: ChunkFile, bytes: Uint8Array): Promise<void> {
    const url = this.#urlOf(hash, file);
    const response = await send(url, { method: 'PUT', body: bytes });
    await response.body?.cancel();
    if (response.status === 404) throw new EnvironmentError(`cannot PUT ${publicNameOf(url)}: there is no such folder`);
  }

  #urlOf(hash: string, file: ChunkFile): URL {
    const url = new URL(this.#prefix);
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${hash}.${file}`;
    return url;
  }
}

/** Opens the store in a folder or at a prefix of addresses. */
export function openStore(place: string): ChunkStore {
  return isUrl(place) ? new HttpStore(place) : new FolderStore(resolve(place));
}
