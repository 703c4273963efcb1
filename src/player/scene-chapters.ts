import { equalBytes } from '../bitstream/bytes.js';
import type { StreamWords } from '../bitstream/words.js';
import { ModelError } from '../errors.js';
import { describeScenes } from '../words/describe.js';
import { Vocabulary } from '../words/vocabulary.js';

/** A scene of a stream for a text track. */
export interface Chapter {
  /** Seconds from the first picture. */
  readonly start: number;
  readonly end: number;
  /** What the scene shows, the most confident word first. */
  readonly text: string;
}

/** Words of a scene that a chapter names. */
const NAMED = 3;

/**
 * Names the scenes of a stream by their words.
 *
 * @param packs address of the folder of packs, of which `words/vocabulary.json` is read.
 * @throws ModelError if the vocabulary cannot be read or is not the stream's.
 */
export async function readChapters(words: StreamWords, packs: string): Promise<readonly Chapter[]> {
  const address = new URL('words/vocabulary.json', packs).href;
  const response = await fetch(address);
  if (!response.ok) throw new ModelError(`${address}: the server answered ${response.status}`);
  const vocabulary = await Vocabulary.read(new Uint8Array(await response.arrayBuffer()), address);
  if (!equalBytes(vocabulary.id, words.vocabularyId)) {
    throw new ModelError(`${address} is not the vocabulary of the stream's words`);
  }
  return describeScenes(vocabulary, words).flatMap(({ start, end, words: found }) =>
    found.length === 0
      ? []
      : [
          {
            start,
            end,
            text: found
              .slice(0, NAMED)
              .map(({ word }) => word)
              .join(', '),
          },
        ],
  );
}
