import { sceneBytes, type SceneWord } from '../bitstream/words.js';
import { CONFIDENCE_STEPS, nodeConfidences, sumsBelow } from './estimate.js';
import type { Vocabulary } from './vocabulary.js';

/** The largest size of a scene in a words section, in bytes. */
export const SCENE_BYTES = 39;

/** How many nodes each step of the search tries. */
const CANDIDATES = 20;

/** A word that makes the squared error of all nodes together smaller by less than this is not worth its bytes. */
const LEAST_GAIN = 1e-5;

/**
 * Chooses the words that tell most about a scene: step by step the word after which the confidences of all nodes, as a
 * reader estimates them, have the smallest squared error, as long as the scene stays within {@link SCENE_BYTES}.
 *
 * @param probabilities of the classes; their sum is 1.
 */
export function summarise(
  vocabulary: Vocabulary,
  probabilities: Float32Array | Float64Array,
  durationMs: number,
): SceneWord[] {
  const leaves = Float64Array.from(vocabulary.classes, (number) => probabilities[number]!);
  const truth = sumsBelow(vocabulary, leaves);
  let chosen: SceneWord[] = [];
  let estimate = nodeConfidences(vocabulary, chosen);
  let error = squaredError(truth, estimate);
  for (;;) {
    let best: { words: SceneWord[]; estimate: Float64Array; error: number } | null = null;
    for (const node of worstNodes(truth, estimate, chosen)) {
      const words = insert(chosen, { node, confidence: Math.round(truth[node]! * CONFIDENCE_STEPS) });
      if (sceneBytes({ durationMs, words }) > SCENE_BYTES) continue;
      const after = nodeConfidences(vocabulary, words);
      const left = squaredError(truth, after);
      if (left < (best?.error ?? error - LEAST_GAIN)) best = { words, estimate: after, error: left };
    }
    if (best === null) return chosen;
    ({ words: chosen, estimate, error } = best);
  }
}

/** Returns the nodes with the largest errors that can be listed, at most {@link CANDIDATES}. */
function worstNodes(truth: Float64Array, estimate: Float64Array, chosen: readonly SceneWord[]): number[] {
  const taken = new Set(chosen.map(({ node }) => node));
  const worst: { node: number; error: number }[] = [];
  for (let node = 1; node < truth.length; node++) {
    const error = Math.abs(truth[node]! - estimate[node]!);
    const least = worst.length < CANDIDATES ? 0 : worst.at(-1)!.error;
    if (error <= least || truth[node]! * CONFIDENCE_STEPS < 0.5 || taken.has(node)) continue;
    let at = worst.length;
    while (at > 0 && worst[at - 1]!.error < error) at--;
    worst.splice(at, 0, { node, error });
    if (worst.length > CANDIDATES) worst.pop();
  }
  return worst.map(({ node }) => node);
}

function insert(words: readonly SceneWord[], word: SceneWord): SceneWord[] {
  const at = words.findIndex(({ node }) => node > word.node);
  return at < 0 ? [...words, word] : [...words.slice(0, at), word, ...words.slice(at)];
}

function squaredError(truth: Float64Array, estimate: Float64Array): number {
  let sum = 0;
  for (let node = 0; node < truth.length; node++) sum += (truth[node]! - estimate[node]!) ** 2;
  return sum;
}
