import { statSync, type Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeWords, encodeWords, type SceneWord, type StreamWords } from '../../bitstream/words.js';
import { firstLine, InputError, TesseraError, throwIfCancelled } from '../../errors.js';
import { describeWords, type DescribedWord } from '../../words/describe.js';
import { Query, type TermConfidence } from '../../words/query.js';
import { loadVocabulary, requireVocabulary } from './installed-vocabulary.js';
import { WordsCache } from './words-cache.js';
import { readWordsOf, STREAM_EXTENSION, WORDS_EXTENSION } from './words-file.js';

/** The smallest confidence of a word that counts as found, unless the caller names another. */
export const DEFAULT_THRESHOLD = 0.3;

/** The number of files that are read at a time. */
const IN_FLIGHT = 32;

/** How to find scenes. */
export interface FindScenesOptions {
  /** The smallest confidence of each word, 0..1. Default: 0.3. */
  readonly threshold?: number;
  readonly signal?: AbortSignal | undefined;
  /** Gets each file that cannot be searched, and other information for the user. One line each. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** A scene that fits a query. */
export interface FoundScene {
  /** Path of the video: of the stream, or of the video that a words file belongs to. */
  readonly file: string;
  /** Seconds from the first picture. */
  readonly start: number;
  readonly end: number;
  /** 0..1: the smallest confidence of the words that were asked for. */
  readonly confidence: number;
  /** The words of the query. */
  readonly terms: readonly TermConfidence[];
  /** What the scene shows, the most confident word first. */
  readonly words: readonly DescribedWord[];
}

/** The result of {@link findScenes}. */
export interface FindScenesResult {
  /** The most confident scene first. */
  readonly scenes: readonly FoundScene[];
  /** The number of streams and words files. */
  readonly files: number;
  /** The number of those that have words. */
  readonly searched: number;
  readonly withoutWords: number;
  /** Files below the places that cannot be searched, one line each. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

/**
 * Finds scenes by the words in streams and in words files, without decoding a picture. What was read below a folder is
 * kept in a cache, which is valid for a file as long as its times and size are the same.
 *
 * @param query words, with commas between them: `dog`, or `animal, not person`.
 * @param places files (`.tsr`, `.words`), and folders that are searched with everything below them.
 * @throws InputError if the query is empty or has a word that the vocabulary lacks, or a place does not exist;
 * BitstreamError if a place is a file and damaged; ModelError if the vocabulary is missing, or a place is a file with the
 * words of another vocabulary; CancelledError.
 */
export async function findScenes(
  query: string,
  places: readonly string[],
  options: FindScenesOptions = {},
): Promise<FindScenesResult> {
  const startMs = performance.now();
  const { threshold = DEFAULT_THRESHOLD, signal, onNote } = options;
  if (!(threshold >= 0 && threshold <= 1)) throw new InputError(`threshold is ${threshold}: give a number from 0 to 1`);
  if (places.length === 0) throw new InputError('name files or folders to search');
  const vocabulary = await loadVocabulary();
  const parsed = Query.parse(query, vocabulary);
  const scenes: FoundScene[] = [];
  const problems: string[] = [];
  const counts = { files: 0, searched: 0, withoutWords: 0 };
  const seen = new Set<string>();
  const search = (path: string, words: StreamWords): void => {
    requireVocabulary(path, words, vocabulary);
    counts.searched++;
    const file = path.endsWith(WORDS_EXTENSION) ? path.slice(0, -WORDS_EXTENSION.length) : path;
    for (const found of matchScenes(words, parsed, threshold)) {
      scenes.push({ file, ...found, words: describeWords(vocabulary, found.words) });
    }
  };
  const note = (line: string): void => {
    problems.push(line);
    onNote?.(line);
  };
  for (const place of places) {
    throwIfCancelled(signal);
    const entry = await stat(place).catch((error: unknown) => {
      throw new InputError(`${place} does not exist`, { cause: error });
    });
    if (!entry.isDirectory()) {
      if (!entry.isFile()) throw new InputError(`${place} is not a regular file: save it to a file first`);
      counts.files++;
      const words = await readWordsOf(place);
      if (words === null) counts.withoutWords++;
      else search(place, words);
      continue;
    }
    const cache = await WordsCache.open(place);
    const paths = (await listFiles(place, note)).filter((path) => !seen.has(path));
    for (const path of paths) seen.add(path);
    counts.files += paths.length;
    await eachOf(paths, async (path) => {
      throwIfCancelled(signal);
      try {
        const words = await readCached(path, cache);
        if (words === null) counts.withoutWords++;
        else search(path, words);
      } catch (error) {
        if (!(error instanceof TesseraError) || signal?.aborted === true) throw error;
        note(error.message.startsWith(path) ? error.message : `${path}: ${error.message}`);
      }
    });
    await cache.store().catch((error: unknown) => {
      onNote?.(`the cache of ${place} cannot be kept: ${firstLine(error)}`);
    });
  }
  scenes.sort(
    (a, b) => b.confidence - a.confidence || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.start - b.start),
  );
  return { scenes, ...counts, problems, seconds: (performance.now() - startMs) / 1000 };
}

/** Returns the streams and words files below a folder, in order. Links to folders are not followed. */
async function listFiles(folder: string, note: (line: string) => void): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    note(`${folder} cannot be read: ${firstLine(error)}`);
    return [];
  });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await listFiles(path, note)));
    else if (entry.name.endsWith(STREAM_EXTENSION) || entry.name.endsWith(WORDS_EXTENSION)) found.push(path);
  }
  return found;
}

/** Runs `work` for each item, some at a time. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const run = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, run));
}

async function readCached(path: string, cache: WordsCache): Promise<StreamWords | null> {
  const { size, mtimeMs, ctimeMs } = statOf(path);
  const known = cache.find(path, size, mtimeMs, ctimeMs);
  if (known !== null) return known.words === null ? null : decodeWords(Buffer.from(known.words, 'base64'), 0);
  const words = await readWordsOf(path);
  const text = words === null ? null : Buffer.from(encodeWords(words)).toString('base64');
  cache.add(path, { size, modifiedMs: mtimeMs, changedMs: ctimeMs, words: text });
  return words;
}

/** Not asynchronous: that needs ten times as long, which is most of a search in a cache. */
function statOf(path: string): Stats {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${firstLine(error)}`, { cause: error });
  }
  // Opening a pipe would wait for its writer.
  if (!stats.isFile()) throw new InputError(`${path} is not a regular file`);
  return stats;
}

function* matchScenes(
  { scenes }: StreamWords,
  query: Query,
  threshold: number,
): Generator<Omit<FoundScene, 'file' | 'words'> & { readonly words: readonly SceneWord[] }, void, void> {
  let startMs = 0;
  for (const { durationMs, words } of scenes) {
    const endMs = startMs + durationMs;
    const match = query.match(words, threshold);
    if (match !== null) yield { start: startMs / 1000, end: endMs / 1000, ...match, words };
    startMs = endMs;
  }
}
