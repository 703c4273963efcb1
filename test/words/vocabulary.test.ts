import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/errors.js';
import { Vocabulary } from '../../src/words/vocabulary.js';
import { SMALL_NODES, smallVocabulary, vocabularyText } from './small-vocabulary.js';

describe('Vocabulary', () => {
  test('has the identity of its text, and a tree in pre-order', async () => {
    const vocabulary = await smallVocabulary();
    const hash = createHash('sha256').update(vocabularyText()).digest();
    expect(Buffer.from(vocabulary.id)).toEqual(hash.subarray(0, 8));
    expect(vocabulary).toMatchObject({ edition: 7, size: 12 });
    expect([...vocabulary.ends]).toEqual([12, 8, 3, 6, 5, 6, 7, 8, 12, 12, 11, 12]);
    expect([...vocabulary.classes]).toEqual([2, 0, 1, 5, 3, 4]);
    expect([vocabulary.firstLeaf[9], vocabulary.endLeaf[9]]).toEqual([4, 6]);
  });

  test.each([
    ['dog', [3]],
    ['  Domestic  DOG ', [3]],
    ['dogs', [3]],
    ['mice', [6]],
    ['cranes', [7, 11]],
    ['domestic_dog', [3]],
    ['horse', []],
    ['s', []],
    ['', []],
  ])('%j names the nodes %j', async (word, nodes) => {
    expect((await smallVocabulary()).find(word)).toEqual(nodes);
  });

  test('leaves below a node count further hypernyms too', async () => {
    const vocabulary = await smallVocabulary();
    expect([...vocabulary.leavesBelow([2])]).toEqual([0, 0, 1, 0, 0, 0]);
    expect([...vocabulary.leavesBelow([3, 9])]).toEqual([1, 1, 0, 0, 1, 1]);
    expect([...vocabulary.leavesBelow([0])]).toEqual([1, 1, 1, 1, 1, 1]);
    expect(vocabulary.wordOf(4)).toBe('pug');
  });

  const broken = (at: number, change: object): string =>
    vocabularyText(SMALL_NODES.map((node, index) => (index === at ? { ...node, ...change } : node)));

  test.each([
    ['text', 'no json', /is not JSON: get the pack again/],
    ['another format', vocabularyText().replace('"format":1', '"format":2'), /format/],
    ['a node without words', broken(3, { words: [] }), /nodes\.3\.words/],
    ['a parent behind its child', broken(3, { parent: 5 }), /do not form a tree/],
    ['nodes out of order', broken(6, { parent: 8 }), /do not form a tree/],
    ['a node apart from its sisters', broken(10, { parent: 1 }), /do not form a tree/],
    ['a hypernym that does not exist', broken(6, { also: [12] }), /do not form a tree/],
    ['a class twice', broken(6, { class: 2 }), /do not form a tree with classes from 0 on/],
  ])('refuses %s', async (_, text, message) => {
    const read = Vocabulary.read(Buffer.from(text), 'p/vocabulary.json');
    await expect(read).rejects.toThrow(ModelError);
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toThrow(/^p\/vocabulary\.json/);
  });
});
