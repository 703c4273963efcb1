import { open, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { InputError, TesseraError, throwIfCancelled } from '../errors.js';
import { describeTemporaryError, makeTemporaryFolder, removeScratch } from '../io/scratch.js';
import { parseUrl, publicNameOf, send } from './http.js';

/** Sources that are kept at a time. */
const KEPT = 2;
/** A download that breaks is continued so often. */
const CONTINUATIONS = 10;

/** Copies of sources that workers get over HTTP, for as long as the worker runs. */
export class Downloads implements AsyncDisposable {
  readonly #prefixes: readonly URL[];
  readonly #kept = new Map<string, Promise<string>>();

  /** @param prefixes addresses below which sources may be read. */
  constructor(prefixes: readonly string[]) {
    this.#prefixes = prefixes.map(parseUrl);
  }

  /**
   * Returns the path of a copy of a source.
   *
   * @throws InputError if the address lies below no prefix or there is nothing; EnvironmentError.
   */
  async fetch(address: string, signal: AbortSignal): Promise<string> {
    const url = parseUrl(address);
    if (!this.#prefixes.some((prefix) => isBelow(url, prefix))) {
      throw new InputError(`${publicNameOf(url)} lies outside of the addresses that this worker may read (--url)`);
    }
    // A signature may change, the source may not.
    const name = publicNameOf(url);
    const known = this.#kept.get(name);
    if (known !== undefined) return await known;
    const copy = download(url, signal);
    this.#kept.set(name, copy);
    try {
      const path = await copy;
      await this.#removeOld();
      return path;
    } catch (error) {
      this.#kept.delete(name);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const copy of this.#kept.values()) await removeCopy(copy);
  }

  async #removeOld(): Promise<void> {
    for (const [name, copy] of this.#kept) {
      if (this.#kept.size <= KEPT) return;
      this.#kept.delete(name);
      // A chunk that still reads it has it open.
      await removeCopy(copy);
    }
  }
}

async function removeCopy(copy: Promise<string>): Promise<void> {
  const path = await copy.catch(() => null);
  if (path !== null) await removeScratch(join(path, '..'));
}

function isBelow(url: URL, prefix: URL): boolean {
  const folder = prefix.pathname.endsWith('/') ? prefix.pathname : `${prefix.pathname}/`;
  return url.origin === prefix.origin && (url.pathname === prefix.pathname || url.pathname.startsWith(folder));
}

/** Copies a file in one request, and goes on where it broke. */
async function download(url: URL, signal: AbortSignal): Promise<string> {
  const folder = await makeTemporaryFolder();
  const path = join(folder, `source${extname(url.pathname).slice(0, 16)}`);
  try {
    for (let parts = 0; ; parts++) {
      const size = (await stat(path).catch(() => null))?.size ?? 0;
      if (await take(url, path, size, signal)) return path;
      if (parts === CONTINUATIONS) throw new InputError(`${publicNameOf(url)} breaks again and again`);
    }
  } catch (error) {
    await removeScratch(folder);
    throw error;
  }
}

/** Appends what is missing from `from` on; false if it broke. */
async function take(url: URL, path: string, from: number, signal: AbortSignal): Promise<boolean> {
  const response = await send(url, {
    ...{ method: 'GET', signal },
    ...(from === 0 ? {} : { headers: { range: `bytes=${from}-` } }),
  });
  if (response.status === 404) throw new InputError(`${publicNameOf(url)} is not there`);
  const file = await open(path, from > 0 && response.status === 206 ? 'a' : 'w').catch((error: unknown) => {
    throw describeTemporaryError(error);
  });
  try {
    const expected = Number(response.headers.get('content-length') ?? NaN);
    let taken = 0;
    const pieces = response.body as AsyncIterable<Uint8Array> | null;
    try {
      for await (const piece of pieces ?? []) {
        throwIfCancelled(signal);
        await file.writeFile(piece).catch((error: unknown) => {
          throw describeTemporaryError(error);
        });
        taken += piece.length;
      }
    } catch (error) {
      throwIfCancelled(signal);
      if (error instanceof TesseraError) throw error;
      // The connection broke.
      return false;
    }
    return Number.isNaN(expected) || taken >= expected;
  } finally {
    await file.close();
  }
}
