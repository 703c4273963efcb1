import { equalBytes, toHex } from '../../bitstream/bytes.js';
import type { StreamWords } from '../../bitstream/words.js';
import { ModelError } from '../../errors.js';
import { openWordsPack } from '../../model/words-pack.js';
import { describeScenes, type DescribedScene } from '../../words/describe.js';
import { Vocabulary } from '../../words/vocabulary.js';

/**
 * Loads the vocabulary of the pack of words.
 *
 * @throws ModelError if it is missing or damaged.
 */
export async function loadVocabulary(): Promise<Vocabulary> {
  const pack = await openWordsPack();
  return await Vocabulary.read(await pack.read('vocabulary'), pack.pathOf('vocabulary'));
}

/**
 * Checks that words are those of a vocabulary.
 *
 * @param path of the file that has the words, for the message.
 * @throws ModelError if they are not.
 */
export function requireVocabulary(path: string, words: StreamWords, vocabulary: Vocabulary): void {
  if (equalBytes(words.vocabularyId, vocabulary.id)) return;
  throw new ModelError(
    `${path} has words of another vocabulary (edition ${words.vocabularyEdition}, ${toHex(words.vocabularyId)}; this version ` +
      `has edition ${vocabulary.edition}): make them again with tessera words -y`,
  );
}

/**
 * Describes the words of a stream.
 *
 * @throws ModelError if the vocabulary is missing, or the words are those of another one.
 */
export async function describeWordsOf(path: string, words: StreamWords): Promise<DescribedScene[]> {
  const vocabulary = await loadVocabulary();
  requireVocabulary(path, words, vocabulary);
  return describeScenes(vocabulary, words);
}
