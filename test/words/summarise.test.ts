import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { sceneBytes, type SceneWord } from '../../src/bitstream/words.js';
import { LeafSet, leafConfidences, nodeConfidences } from '../../src/words/estimate.js';
import { SCENE_BYTES, summarise } from '../../src/words/summarise.js';
import { Vocabulary } from '../../src/words/vocabulary.js';
import { smallVocabulary } from './small-vocabulary.js';

/** A tree of many nodes, so that words need two bytes each and do not all fit. */
async function largeVocabulary(): Promise<Vocabulary> {
  const nodes: object[] = [{ id: 'r', parent: -1, words: ['r'] }];
  for (let group = 0; group < 20; group++) {
    const parent = nodes.push({ id: `g${group}`, parent: 0, words: [`g${group}`] }) - 1;
    for (let leaf = 0; leaf < 20; leaf++) {
      nodes.push({ id: `l${group}.${leaf}`, parent, words: [`l${group}.${leaf}`], class: 20 * group + leaf });
    }
  }
  return Vocabulary.read(Buffer.from(JSON.stringify({ format: 1, edition: 1, irregular: {}, nodes })), 'v');
}

const node = (at: number, confidence: number): SceneWord => ({ node: at, confidence });

describe('estimates', () => {
  test('a listed node shares what its listed nodes leave over', async () => {
    const vocabulary = await smallVocabulary();
    // animal 1 - 0.2 = 204/255, dog half of all, pug 51/255
    const words = [node(1, 204), node(3, 102), node(4, 51)];
    const leaves = [...leafConfidences(vocabulary, words)].map((value) => Math.round(value * 255 * 10) / 10);
    // pug, poodle, cat and crane share 204 - 102, minivan and crane share 255 - 204
    expect(leaves).toEqual([51, 51, 51, 51, 25.5, 25.5]);
    expect([...nodeConfidences(vocabulary, words)].map((value) => Math.round(value * 2550) / 10)).toEqual([
      ...[255, 204, 0, 102, 51, 51, 51, 51],
      ...[51, 51, 25.5, 25.5],
    ]);
  });

  test('a set of leaves has the sum of its leaves, and never more than 1', async () => {
    const vocabulary = await smallVocabulary();
    const anyWords = fc
      .uniqueArray(fc.record({ node: fc.integer({ min: 1, max: 11 }), confidence: fc.integer({ min: 1, max: 255 }) }), {
        selector: (word) => word.node,
      })
      .map((words) => [...words].sort((a, b) => a.node - b.node));
    fc.assert(
      fc.property(anyWords, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }), (words, chosen) => {
        const leaves = leafConfidences(vocabulary, words);
        // Only sets of words that fit together are made by tessera; others must not break anything.
        const sum = leaves.reduce((total, value, at) => total + (chosen[at] ? value : 0), 0);
        const found = new LeafSet(vocabulary, Uint8Array.from(chosen, Number)).confidence(words);
        expect(found).toBeCloseTo(Math.min(1, sum), 9);
      }),
    );
  });

  test('words of nodes that the vocabulary lacks are ignored', async () => {
    const vocabulary = await smallVocabulary();
    const dogs = new LeafSet(vocabulary, vocabulary.leavesBelow([3]));
    expect(dogs.confidence([node(3, 255), node(500, 255)])).toBe(1);
  });
});

describe('summarise', () => {
  test('a certain class is one word', async () => {
    const vocabulary = await smallVocabulary();
    expect(summarise(vocabulary, Float64Array.of(0, 1, 0, 0, 0, 0), 5000)).toEqual([node(6, 255)]);
  });

  test('nothing is said of what is as likely as everything else', async () => {
    const vocabulary = await smallVocabulary();
    expect(summarise(vocabulary, new Float64Array(6).fill(1 / 6), 5000)).toEqual([]);
  });

  test('scenes stay below 40 bytes, and the estimate is close', async () => {
    const vocabulary = await largeVocabulary();
    const small = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(small, { minLength: 400, maxLength: 400 }), fc.nat(399), (values, peak) => {
        const raw = values.map((value, at) => value ** 20 + (at === peak ? 5 : 0));
        const total = raw.reduce((sum, value) => sum + value, 0);
        const words = summarise(
          vocabulary,
          Float64Array.from(raw, (value) => value / total),
          5000,
        );
        expect(sceneBytes({ durationMs: 5000, words })).toBeLessThanOrEqual(SCENE_BYTES);
        expect(words.map(({ node: at }) => at)).toEqual(words.map(({ node: at }) => at).sort((a, b) => a - b));
        const leaves = leafConfidences(vocabulary, words);
        const at = [...vocabulary.classes].indexOf(peak);
        expect(Math.abs(leaves[at]! - raw[peak]! / total)).toBeLessThan(0.1);
      }),
      { numRuns: 10 },
    );
    expect(SCENE_BYTES).toBeLessThan(40);
  });
});
