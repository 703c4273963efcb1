import type { SceneWord } from '../bitstream/words.js';
import { InputError } from '../errors.js';
import { LeafSet } from './estimate.js';
import type { Vocabulary } from './vocabulary.js';

/** One word of a query. */
interface Term {
  readonly word: string;
  readonly isWanted: boolean;
  readonly leaves: LeafSet;
}

/** A word of a query with its confidence in a scene, 0..1. */
export interface TermConfidence {
  readonly word: string;
  /** False for a word behind `not`. */
  readonly isWanted: boolean;
  readonly confidence: number;
}

/** How well a scene fits a query. */
export interface SceneMatch {
  /** The smallest confidence of the wanted words; without wanted words, 1 minus the largest of the others. */
  readonly confidence: number;
  readonly terms: readonly TermConfidence[];
}

/**
 * A query such as `animal, not person`: all wanted words and none of the words behind `not`. A word stands for all of its
 * meanings and everything below them: `vehicle` finds minivans.
 */
export class Query {
  readonly #terms: readonly Term[];

  private constructor(terms: readonly Term[]) {
    this.#terms = terms;
  }

  /** @throws InputError if the text has no words, or words that the vocabulary lacks. */
  static parse(text: string, vocabulary: Vocabulary): Query {
    const parts = text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
    if (parts.length === 0)
      throw new InputError('the query is empty: give words such as "dog" or "animal, not person"');
    const terms = parts.map((part) => {
      const [, negation, word = ''] = /^(not(?:\s+|$))?(.*)$/i.exec(part)!;
      if (word === '') throw new InputError(`the query '${text}' has no word behind 'not'`);
      return { word, isWanted: negation === undefined, nodes: vocabulary.find(word) };
    });
    const unknown = terms.filter(({ nodes }) => nodes.length === 0).map(({ word }) => `'${word}'`);
    if (unknown.length > 0) {
      throw new InputError(
        `the vocabulary has no word ${unknown.join(', ')}: try a more general English noun, such as animal or vehicle; ` +
          'separate words with commas',
      );
    }
    return new Query(
      terms.map(({ word, isWanted, nodes }) => ({
        word,
        isWanted,
        leaves: new LeafSet(vocabulary, vocabulary.leavesBelow(nodes)),
      })),
    );
  }

  /**
   * Returns how well a scene fits; null if a wanted word has less confidence than `threshold`, or another one as much.
   *
   * @param threshold 0..1
   */
  match(words: readonly SceneWord[], threshold: number): SceneMatch | null {
    let wanted = 1;
    let unwanted = 0;
    let hasWanted = false;
    const terms: TermConfidence[] = [];
    for (const { word, isWanted, leaves } of this.#terms) {
      const confidence = leaves.confidence(words);
      if (isWanted ? confidence < threshold : confidence >= threshold) return null;
      if (isWanted) wanted = Math.min(wanted, confidence);
      else unwanted = Math.max(unwanted, confidence);
      hasWanted ||= isWanted;
      terms.push({ word, isWanted, confidence });
    }
    return { confidence: hasWanted ? wanted : 1 - unwanted, terms };
  }
}
