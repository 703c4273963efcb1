import type { SceneWord, StreamWords } from '../bitstream/words.js';
import { CONFIDENCE_STEPS, nodeConfidences } from './estimate.js';
import type { Vocabulary } from './vocabulary.js';

/** A word for people. */
export interface DescribedWord {
  readonly word: string;
  /** 0..1 */
  readonly confidence: number;
}

/** A scene for people. */
export interface DescribedScene {
  /** Seconds from the first picture. */
  readonly start: number;
  readonly end: number;
  /** The words of the scene, the most confident one first. */
  readonly words: readonly DescribedWord[];
  /** The most confident way down the pyramid, from the most general word to the most special one. */
  readonly pyramid: readonly DescribedWord[];
}

/** Returns the words of a scene, the most confident one first. */
export function describeWords(vocabulary: Vocabulary, words: readonly SceneWord[]): DescribedWord[] {
  return known(vocabulary, words)
    .map(({ node, confidence }) => ({ word: vocabulary.wordOf(node), confidence: confidence / CONFIDENCE_STEPS }))
    .sort((a, b) => b.confidence - a.confidence);
}

/** Describes all scenes. */
export function describeScenes(vocabulary: Vocabulary, { scenes }: StreamWords): DescribedScene[] {
  let startMs = 0;
  return scenes.map(({ durationMs, words }) => {
    const start = startMs / 1000;
    startMs += durationMs;
    return {
      ...{ start, end: startMs / 1000 },
      words: describeWords(vocabulary, words),
      pyramid: words.length === 0 ? [] : describePyramid(vocabulary, words),
    };
  });
}

/** From the root down, always to the most confident node, as long as it has half of the confidence above it. */
function describePyramid(vocabulary: Vocabulary, words: readonly SceneWord[]): DescribedWord[] {
  const confidences = nodeConfidences(vocabulary, known(vocabulary, words));
  const path: DescribedWord[] = [];
  for (let node = 0; ;) {
    let best = -1;
    for (let below = node + 1; below < vocabulary.ends[node]!; below = vocabulary.ends[below]!) {
      if (best < 0 || confidences[below]! > confidences[best]!) best = below;
    }
    if (best < 0 || confidences[best]! < confidences[node]! / 2) return path;
    node = best;
    path.push({ word: vocabulary.wordOf(node), confidence: confidences[node]! });
  }
}

/** The words that the vocabulary has. Damaged or newer streams may have others. */
function known({ size }: Vocabulary, words: readonly SceneWord[]): SceneWord[] {
  return words.filter(({ node }) => node < size);
}
