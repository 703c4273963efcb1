import { describe, expect, test } from '@jest/globals';
import { InputError } from '../../src/errors.js';
import { Query } from '../../src/words/query.js';
import { smallVocabulary } from './small-vocabulary.js';

/** A pug with some doubt: dog 204/255, pug 153/255. */
const PUG = [
  { node: 3, confidence: 204 },
  { node: 4, confidence: 153 },
];

async function match(text: string, threshold = 0.3, words = PUG): Promise<number | null> {
  const found = Query.parse(text, await smallVocabulary()).match(words, threshold);
  return found === null ? null : Math.round(found.confidence * 100) / 100;
}

describe('Query', () => {
  test.each([
    ['pug', 0.6],
    ['dogs', 0.8],
    ['animal', 0.9],
    ['DOG , animal', 0.8],
    ['vehicle', null],
    ['dog, vehicle', null],
    ['animal, not vehicle', 0.9],
    ['not vehicle', 0.9],
    ['animal, not dog', null],
    ['not dog', null],
    ['crane', null],
  ])('%j finds with confidence %j', async (text, confidence) => {
    expect(await match(text)).toBe(confidence);
  });

  test('the threshold decides', async () => {
    expect(await match('pug', 0.6)).toBe(0.6);
    expect(await match('pug', 0.61)).toBeNull();
    expect(await match('not pug', 0.61)).toBe(0.4);
  });

  test('tells the confidence of each word', async () => {
    const found = Query.parse('dog, not vehicle', await smallVocabulary()).match(PUG, 0.3)!;
    expect(found.terms.map(({ word, isWanted }) => [word, isWanted])).toEqual([
      ['dog', true],
      ['vehicle', false],
    ]);
    expect(found.terms[0]!.confidence).toBeCloseTo(0.8);
  });

  test.each([
    ['', /the query is empty/],
    [' , ', /the query is empty/],
    ['dog, not', /the query 'dog, not' has no word behind 'not'/],
    ['horse, dog, not car', /the vocabulary has no word 'horse', 'car': try a more general English noun/],
  ])('refuses %j', async (text, message) => {
    await expect(match(text)).rejects.toThrow(InputError);
    await expect(match(text)).rejects.toThrow(message);
  });
});
