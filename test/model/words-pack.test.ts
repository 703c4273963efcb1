import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ModelError } from '../../src/errors.js';
import { loadPack } from '../../src/model/pack.js';
import { isWordsPack, openWordsPack } from '../../src/model/words-pack.js';
import { Classifier, CLASSIFIER_BYTES } from '../../src/words/classifier.js';
import { Vocabulary } from '../../src/words/vocabulary.js';
import { TINY_PACK } from '../support/packs.js';

test("the package's own pack: at most 6 MB, a vocabulary and a classifier for its classes", async () => {
  const pack = await openWordsPack();
  const [classifier, text] = [await pack.read('classifier'), await pack.read('vocabulary')];
  expect(classifier.length + text.length).toBeLessThan(6e6);
  const vocabulary = await Vocabulary.read(text, pack.pathOf('vocabulary'));
  expect(vocabulary.classes).toHaveLength(1000);
  for (const [word, above] of [
    ['tabby cat', 'living thing'],
    ['minivan', 'vehicle'],
    ['scuba diver', 'person'],
    ['wolves', 'canine'],
  ] as const) {
    const leaves = vocabulary.leavesBelow(vocabulary.find(word));
    const all = vocabulary.leavesBelow(vocabulary.find(above));
    expect(leaves.some((leaf) => leaf === 1)).toBe(true);
    expect(leaves.every((leaf, at) => leaf === 0 || all[at] === 1)).toBe(true);
  }
  await using network = await Classifier.create(classifier, vocabulary.classes.length);
  const grey = await network.classify([new Uint8Array(CLASSIFIER_BYTES).fill(128)]);
  expect(grey.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 3);
  // A mean of pictures is the mean of their probabilities.
  const white = await network.classify([new Uint8Array(CLASSIFIER_BYTES).fill(255)]);
  const both = await network.classify([128, 255].map((value) => new Uint8Array(CLASSIFIER_BYTES).fill(value)));
  both.forEach((value, at) => expect(value).toBeCloseTo((grey[at]! + white[at]!) / 2, 5));
  await using wrong = await Classifier.create(classifier, 7);
  await expect(wrong.classify([new Uint8Array(CLASSIFIER_BYTES)])).rejects.toThrow(/must give 7 probabilities/);
});

test('changed files and other packs are refused', async () => {
  const { folder } = await openWordsPack();
  expect([await isWordsPack(folder), await isWordsPack(TINY_PACK)]).toEqual([true, false]);
  await expect(openWordsPack(TINY_PACK)).rejects.toThrow(/manifest\.json: family: .*name a pack of words/);
  await expect(loadPack(folder)).rejects.toThrow(/this is a pack of words, which makes no tokens/);
  const copy = await mkdtemp(join(tmpdir(), 'tessera-words-'));
  try {
    await cp(folder, copy, { recursive: true });
    const path = join(copy, 'vocabulary.json');
    await writeFile(path, (await readFile(path, 'utf8')).replace('tabby', 'gabby'));
    const pack = await openWordsPack(copy);
    await pack.read('classifier');
    await expect(pack.read('vocabulary')).rejects.toThrow(ModelError);
    await expect(pack.read('vocabulary')).rejects.toThrow(/vocabulary\.json is not the file that .* names/);
  } finally {
    await rm(copy, { recursive: true });
  }
});
