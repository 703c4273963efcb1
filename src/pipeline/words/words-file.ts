import { encodeSection } from '../../bitstream/section.js';
import { nextSection } from '../../bitstream/section-scanner.js';
import { kindOfType } from '../../bitstream/section.js';
import { chunksOf, type ByteSource } from '../../bitstream/byte-source.js';
import { ByteWindow } from '../../bitstream/byte-window.js';
import { StreamReader } from '../../bitstream/stream-reader.js';
import { decodeWords, encodeWords, type StreamWords } from '../../bitstream/words.js';
import { BitstreamError } from '../../errors.js';
import { openFileSource } from '../../io/file-source.js';

/** The file extension of words beside a video that is no stream: `clip.mp4.words`. */
export const WORDS_EXTENSION = '.words';

/** The file extension of streams. */
export const STREAM_EXTENSION = '.tsr';

/** Returns the path of the words of a video that is no stream. */
export function wordsPathOf(video: string): string {
  return `${video}${WORDS_EXTENSION}`;
}

/** A words file: one words section. */
export function encodeWordsFile(words: StreamWords): Uint8Array {
  return encodeSection('words', encodeWords(words));
}

/**
 * Reads the words of a stream or of a words file, by its extension.
 *
 * @returns null if a stream has none.
 * @throws InputError if there is no such file; BitstreamError if it is no stream, or its words are damaged.
 */
export async function readWordsOf(path: string): Promise<StreamWords | null> {
  await using source = await openFileSource(path);
  if (path.endsWith(WORDS_EXTENSION)) return await readWordsFile(source, path);
  const reader = await StreamReader.open(source);
  return await reader.readWords();
}

async function readWordsFile(source: ByteSource, path: string): Promise<StreamWords> {
  const window = new ByteWindow(chunksOf(source));
  try {
    // A words section has the same limits in streams of any size.
    const section = await nextSection(window, { width: 1, height: 1 });
    if (section?.kind === 'intact' && kindOfType(section.head.type) === 'words' && !(await window.fill(1))) {
      return decodeWords(section.payload, section.head.headBytes);
    }
    throw new BitstreamError(`${path} is no words file, or damaged: make it again with tessera words`);
  } finally {
    await window.close();
  }
}
