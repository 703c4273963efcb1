import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileSafely } from '../../io/temporary-file.js';

const CACHE_FORMAT = 1;

/** What a cache knows of a file, valid as long as its times and size are the same. */
export interface CachedFile {
  readonly size: number;
  /** Times of the last change of its contents, and of the file itself, in milliseconds. */
  readonly modifiedMs: number;
  readonly changedMs: number;
  /** Payload of its words section, base64; null if it has no words. */
  readonly words: string | null;
}

const schema = z.object({
  format: z.literal(CACHE_FORMAT),
  place: z.string(),
  files: z.record(z.string(), z.unknown()),
});

/** The words of the files below a folder that were read before: one file in the user's folder for caches. */
export class WordsCache {
  readonly #place: string;
  readonly #path: string;
  readonly #before: ReadonlyMap<string, CachedFile>;
  readonly #after = new Map<string, CachedFile>();
  #isChanged = false;

  private constructor(place: string, path: string, before: ReadonlyMap<string, CachedFile>) {
    this.#place = place;
    this.#path = path;
    this.#before = before;
  }

  /** Opens the cache of a folder. One that is missing or damaged is empty. */
  static async open(folder: string): Promise<WordsCache> {
    const place = resolve(folder);
    const name = createHash('sha256').update(place).digest('hex').slice(0, 32);
    const path = join(cacheFolder(), `${name}.json`);
    return new WordsCache(place, path, await readEntries(path, place));
  }

  /** Returns what is known of a file with these times and size; null if that is nothing. */
  find(path: string, size: number, modifiedMs: number, changedMs: number): CachedFile | null {
    const entry = this.#before.get(path);
    if (entry?.size !== size || entry.modifiedMs !== modifiedMs || entry.changedMs !== changedMs) return null;
    this.#after.set(path, entry);
    return entry;
  }

  add(path: string, entry: CachedFile): void {
    this.#after.set(path, entry);
    this.#isChanged = true;
  }

  /**
   * Stores what is known of the files that were asked for.
   *
   * @throws EnvironmentError if it cannot be written.
   */
  async store(): Promise<void> {
    if (!this.#isChanged && this.#after.size === this.#before.size) return;
    const text = JSON.stringify({
      format: CACHE_FORMAT,
      place: this.#place,
      files: Object.fromEntries(
        [...this.#after].map(([path, { size, modifiedMs, changedMs, words }]) => [
          path,
          [size, modifiedMs, changedMs, words],
        ]),
      ),
    });
    await mkdir(dirname(this.#path), { recursive: true }).catch(() => undefined);
    await writeFileSafely(this.#path, chunks(Buffer.from(text)), { overwrite: true });
  }
}

function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? '';
  return join(cache === '' ? join(homedir(), '.cache') : cache, 'tessera', 'words');
}

async function readEntries(path: string, place: string): Promise<Map<string, CachedFile>> {
  const entries = new Map<string, CachedFile>();
  const text = await readFile(path, 'utf8').catch(() => '');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return entries;
  }
  const result = schema.safeParse(json);
  if (!result.success || result.data.place !== place) return entries;
  for (const [name, entry] of Object.entries(result.data.files)) {
    if (!Array.isArray(entry)) continue;
    const [size, modifiedMs, changedMs, words] = entry as unknown[];
    if (typeof size !== 'number' || typeof modifiedMs !== 'number' || typeof changedMs !== 'number') continue;
    if (typeof words === 'string' || words === null) entries.set(name, { size, modifiedMs, changedMs, words });
  }
  return entries;
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  await Promise.resolve();
  yield bytes;
}
