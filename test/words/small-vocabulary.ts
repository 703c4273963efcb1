import { Vocabulary } from '../../src/words/vocabulary.js';

/** entity > animal > (dog > (pug, poodle), cat), artifact > vehicle > (minivan, crane); the cat is a pet too. */
export const SMALL_NODES = [
  { id: 'n0', parent: -1, words: ['entity'] },
  { id: 'n1', parent: 0, words: ['animal', 'beast'] },
  { id: 'n2', parent: 1, words: ['pet'] },
  { id: 'n3', parent: 1, words: ['dog', 'domestic dog'] },
  { id: 'n4', parent: 3, words: ['pug', 'pug-dog'], class: 2 },
  { id: 'n5', parent: 3, words: ['poodle'], class: 0 },
  { id: 'n6', parent: 1, also: [2], words: ['cat', 'true cat'], class: 1 },
  { id: 'n7', parent: 1, words: ['crane'], class: 5 },
  { id: 'n8', parent: 0, words: ['artifact'] },
  { id: 'n9', parent: 8, words: ['vehicle'] },
  { id: 'n10', parent: 9, words: ['minivan'], class: 3 },
  { id: 'n11', parent: 9, words: ['crane'], class: 4 },
];

/** The text of a vocabulary file. */
export function vocabularyText(nodes: readonly object[] = SMALL_NODES): string {
  return JSON.stringify({ format: 1, edition: 7, irregular: { mice: 'cat' }, nodes });
}

/** A vocabulary of six classes. */
export function smallVocabulary(): Promise<Vocabulary> {
  return Vocabulary.read(Buffer.from(vocabularyText()), 'vocabulary.json');
}
