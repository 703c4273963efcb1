import { describe, expect, test } from '@jest/globals';
import { SceneCollector } from '../../src/words/scene-collector.js';
import { smallVocabulary } from './small-vocabulary.js';

/** A classifier that sees the class that a picture's first byte names, and the pictures that it got. */
async function makeCollector() {
  const asked: number[][] = [];
  const classify = (pictures: readonly Uint8Array[]): Promise<Float64Array> => {
    asked.push(pictures.map((picture) => picture[1]!));
    const sum = new Float64Array(6);
    for (const picture of pictures) sum[picture[0]!]! += 1 / pictures.length;
    return Promise.resolve(sum);
  };
  return { collector: new SceneCollector({ classify }, await smallVocabulary()), asked };
}

/** A picture of a class, with a name. */
const picture =
  (number: number, name = 0) =>
  (): Uint8Array =>
    Uint8Array.of(number, name);

describe('SceneCollector', () => {
  test('scenes begin at key frames, with up to three of their pictures', async () => {
    const { collector, asked } = await makeCollector();
    await collector.addKey(0);
    for (let at = 0; at < 8; at++) collector.add(250 * at, picture(at < 4 ? 0 : 3, at));
    await collector.addKey(1000);
    const scenes = await collector.finish(2100);
    expect(scenes).toEqual([
      { durationMs: 1000, words: [{ node: 5, confidence: 255 }] },
      { durationMs: 1100, words: [{ node: 10, confidence: 255 }] },
    ]);
    expect(asked).toEqual([
      [0, 2, 3],
      [4, 6, 7],
    ]);
  });

  test('long scenes are cut after at most five seconds, short ends are not left over', async () => {
    const { collector } = await makeCollector();
    for (let at = 0; at < 64; at++) {
      collector.add(250 * at, picture(0));
      await collector.advance(250 * at);
    }
    const scenes = await collector.finish(16000);
    expect(scenes.map(({ durationMs }) => durationMs)).toEqual([5000, 5000, 3000, 3000]);
  });

  test('a scene without a picture belongs to the one before, and a video without pictures has no words', async () => {
    const { collector } = await makeCollector();
    collector.add(0, picture(1));
    await collector.addKey(1000);
    await collector.addKey(1100);
    expect(await collector.finish(1200)).toEqual([{ durationMs: 1200, words: [{ node: 6, confidence: 255 }] }]);
    const { collector: empty } = await makeCollector();
    expect(await empty.finish(500)).toEqual([{ durationMs: 500, words: [] }]);
  });
});
