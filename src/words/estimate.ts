import type { SceneWord } from '../bitstream/words.js';
import type { Vocabulary } from './vocabulary.js';

/** The number of steps of a confidence: 255 is 1. */
export const CONFIDENCE_STEPS = 255;

/**
 * The confidence of a set of leaves in a scene, from the scene's words. A word gives the sum of the confidences of all
 * leaves below it, and the root has confidence 1. What a word has beyond the words below it is shared equally by its
 * other leaves.
 */
export class LeafSet {
  readonly #ends: Int32Array;
  /** By node: the number of leaves below it, and of those in the set. */
  readonly #leaves: Int32Array;
  readonly #inside: Int32Array;

  /** @param leaves 1 for each leaf of the set, else 0; as {@link Vocabulary.leavesBelow} gives them. */
  constructor(vocabulary: Vocabulary, leaves: Uint8Array) {
    const sums = new Int32Array(leaves.length + 1);
    for (let leaf = 0; leaf < leaves.length; leaf++) sums[leaf + 1] = sums[leaf]! + leaves[leaf]!;
    const { firstLeaf, endLeaf, ends, size } = vocabulary;
    this.#ends = ends;
    this.#leaves = new Int32Array(size);
    this.#inside = new Int32Array(size);
    for (let node = 0; node < size; node++) {
      this.#leaves[node] = endLeaf[node]! - firstLeaf[node]!;
      this.#inside[node] = sums[endLeaf[node]!]! - sums[firstLeaf[node]!]!;
    }
  }

  /** Returns the confidence, 0..1. Ignores nodes that the vocabulary lacks. */
  confidence(words: readonly SceneWord[]): number {
    const sum = this.#below(0, 1, words, 0, { next: 0 });
    // Sums of shares are off by some 1e-16, which a threshold of 1 would notice.
    return Math.min(1, Math.max(0, Math.round(sum * 1e9) / 1e9));
  }

  /** The confidence of the set's leaves below `node`, whose own confidence is `total`. */
  #below(node: number, total: number, words: readonly SceneWord[], from: number, place: { next: number }): number {
    let rest = total;
    let leaves = this.#leaves[node]!;
    let inside = this.#inside[node]!;
    let sum = 0;
    place.next = from;
    for (;;) {
      const word = words[place.next];
      if (word === undefined || word.node >= this.#ends[node]!) break;
      const own = word.confidence / CONFIDENCE_STEPS;
      if (word.node === node) {
        // Only the root can be listed and be its own parent here.
        place.next++;
        continue;
      }
      rest -= own;
      leaves -= this.#leaves[word.node]!;
      inside -= this.#inside[word.node]!;
      sum += this.#below(word.node, own, words, place.next + 1, place);
    }
    return sum + (leaves > 0 && rest > 0 ? (rest * inside) / leaves : 0);
  }
}

/** Returns the confidence of every node, from the words of a scene. */
export function nodeConfidences(vocabulary: Vocabulary, words: readonly SceneWord[]): Float64Array {
  const leaves = leafConfidences(vocabulary, words);
  return sumsBelow(vocabulary, leaves);
}

/** Returns the sum of leaves below each node. */
export function sumsBelow({ firstLeaf, endLeaf, size }: Vocabulary, leaves: Float64Array): Float64Array {
  const sums = new Float64Array(leaves.length + 1);
  for (let leaf = 0; leaf < leaves.length; leaf++) sums[leaf + 1] = sums[leaf]! + leaves[leaf]!;
  const result = new Float64Array(size);
  for (let node = 0; node < size; node++) result[node] = sums[endLeaf[node]!]! - sums[firstLeaf[node]!]!;
  return result;
}

/** Returns the confidence of every leaf, as {@link LeafSet} describes it. */
export function leafConfidences(vocabulary: Vocabulary, words: readonly SceneWord[]): Float64Array {
  const { firstLeaf, endLeaf, ends, classes, size } = vocabulary;
  const result = new Float64Array(classes.length);
  /** The listed word right above each leaf, as an index; -1 is the root. */
  const owner = new Int32Array(classes.length).fill(-1);
  const rests = [1];
  const counts = [classes.length];
  const path: { readonly end: number; readonly at: number }[] = [{ end: size, at: 0 }];
  words.forEach(({ node, confidence }, index) => {
    const own = confidence / CONFIDENCE_STEPS;
    rests.push(own);
    counts.push(endLeaf[node]! - firstLeaf[node]!);
    while (path.at(-1)!.end <= node) path.pop();
    const above = path.at(-1)!.at;
    rests[above]! -= own;
    counts[above]! -= counts[index + 1]!;
    owner.fill(index, firstLeaf[node], endLeaf[node]);
    path.push({ end: ends[node]!, at: index + 1 });
  });
  for (let leaf = 0; leaf < result.length; leaf++) {
    const at = owner[leaf]! + 1;
    result[leaf] = Math.max(0, rests[at]!) / counts[at]!;
  }
  return result;
}
