import { z } from 'zod';
import { NODE_LIMIT, VOCABULARY_ID_BYTES } from '../bitstream/words.js';
import { ModelError } from '../errors.js';
import { sha256 } from '../platform/packs.js';

/** The format of `vocabulary.json` that this version reads. */
const VOCABULARY_FORMAT = 1;

const schema = z.object({
  format: z.literal(VOCABULARY_FORMAT),
  edition: z.int().min(1).max(65535),
  irregular: z.record(z.string(), z.string()),
  nodes: z
    .array(
      z.object({
        id: z.string(),
        parent: z.int().min(-1),
        also: z.array(z.int().min(0)).optional(),
        words: z.array(z.string()).min(1),
        class: z.int().min(0).optional(),
      }),
    )
    .min(1)
    .max(NODE_LIMIT + 1),
});

/** Endings of English plurals and what replaces them, as WordNet's morphy has them. */
const PLURALS = [
  ['s', ''],
  ['ses', 's'],
  ['xes', 'x'],
  ['zes', 'z'],
  ['ches', 'ch'],
  ['shes', 'sh'],
  ['men', 'man'],
  ['ies', 'y'],
] as const;

/**
 * The words that a classifier can say and all words above them: WordNet's synsets (sets of synonyms), as a tree by their
 * first hypernym. Nodes are numbered in pre-order: the nodes below node n are `n + 1 .. ends[n] - 1`. Leaves are the
 * classes of the classifier.
 */
export class Vocabulary {
  readonly edition: number;
  /** 8 bytes that words sections carry: the start of the SHA-256 of `vocabulary.json`. */
  readonly id: Uint8Array;
  /** The node above each node; -1 for the root, which is node 0. */
  readonly parents: Int32Array;
  /** The number behind the last node below each node. */
  readonly ends: Int32Array;
  /** The first leaf, in the order of the nodes, that is not before the node; and one behind the last one below it. */
  readonly firstLeaf: Int32Array;
  readonly endLeaf: Int32Array;
  /** The class of each leaf. */
  readonly classes: Int32Array;
  readonly #synonyms: readonly (readonly string[])[];
  /** All hyponyms by hypernym, further hypernyms included. */
  readonly #below: readonly number[][];
  readonly #irregular: ReadonlyMap<string, string>;
  readonly #nodesOfWord = new Map<string, number[]>();

  private constructor(id: Uint8Array, { edition, irregular, nodes }: z.infer<typeof schema>) {
    this.id = id;
    this.edition = edition;
    this.#irregular = new Map(Object.entries(irregular));
    const count = nodes.length;
    this.parents = Int32Array.from(nodes, ({ parent }) => parent);
    this.ends = Int32Array.from(nodes, (_, node) => node + 1);
    for (let node = count - 1; node > 0; node--) {
      const parent = this.parents[node]!;
      this.ends[parent] = Math.max(this.ends[parent]!, this.ends[node]!);
    }
    this.firstLeaf = new Int32Array(count);
    this.endLeaf = new Int32Array(count);
    const before = new Int32Array(count + 1);
    for (let node = 0; node < count; node++)
      before[node + 1] = before[node]! + Number(nodes[node]!.class !== undefined);
    for (let node = 0; node < count; node++) {
      this.firstLeaf[node] = before[node]!;
      this.endLeaf[node] = before[this.ends[node]!]!;
    }
    this.classes = Int32Array.from(nodes.flatMap((node) => (node.class === undefined ? [] : [node.class])));
    this.#synonyms = nodes.map(({ words }) => words);
    const below: number[][] = nodes.map(() => []);
    for (const [node, { parent, also = [], words }] of nodes.entries()) {
      if (parent >= 0) below[parent]!.push(node);
      for (const hypernym of also) below[hypernym]!.push(node);
      for (const word of words) {
        const key = normal(word);
        this.#nodesOfWord.set(key, [...(this.#nodesOfWord.get(key) ?? []), node]);
      }
    }
    this.#below = below;
  }

  /**
   * Reads `vocabulary.json` of a pack of words.
   *
   * @param name of the file, for messages.
   * @throws ModelError if it is not a vocabulary.
   */
  static async read(bytes: Uint8Array, name: string): Promise<Vocabulary> {
    let json: unknown;
    try {
      json = JSON.parse(new TextDecoder().decode(bytes));
    } catch (error) {
      throw new ModelError(`${name} is not JSON: get the pack again`, { cause: error });
    }
    const result = schema.safeParse(json);
    if (!result.success) {
      const issue = result.error.issues[0]!;
      throw new ModelError(`${name}: ${issue.path.join('.') || 'vocabulary'}: ${issue.message}: get the pack again`);
    }
    const { nodes } = result.data;
    const classes = nodes.flatMap((node) => (node.class === undefined ? [] : [node.class])).sort((a, b) => a - b);
    const isTree = nodes.every(
      ({ parent, also = [] }, node) =>
        (node === 0 ? parent === -1 : parent >= 0 && parent < node) && also.every((other) => other < nodes.length),
    );
    if (!isTree || classes.some((number, at) => number !== at) || !isPreOrder(nodes.map(({ parent }) => parent))) {
      throw new ModelError(`${name}: its nodes do not form a tree with classes from 0 on: get the pack again`);
    }
    return new Vocabulary((await sha256(bytes)).slice(0, VOCABULARY_ID_BYTES), result.data);
  }

  /** The number of nodes. */
  get size(): number {
    return this.parents.length;
  }

  /** The most common word of a node. */
  wordOf(node: number): string {
    return this.#synonyms[node]![0]!;
  }

  /** Returns the nodes that a word names, in singular or plural; none if the vocabulary lacks it. */
  find(word: string): readonly number[] {
    for (const form of this.#forms(normal(word))) {
      const nodes = this.#nodesOfWord.get(form);
      if (nodes !== undefined) return nodes;
    }
    return [];
  }

  /** Returns which leaves are below the nodes (1) or not (0), by further hypernyms too. */
  leavesBelow(nodes: readonly number[]): Uint8Array {
    const leaves = new Uint8Array(this.classes.length);
    const seen = new Set<number>();
    const open = [...nodes];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      if (this.ends[node] === node + 1 && this.endLeaf[node]! > this.firstLeaf[node]!)
        leaves[this.firstLeaf[node]!] = 1;
      open.push(...this.#below[node]!);
    }
    return leaves;
  }

  /** The word itself, then the singulars that it may be the plural of. */
  *#forms(word: string): Generator<string, void, void> {
    yield word;
    const irregular = this.#irregular.get(word);
    if (irregular !== undefined) yield irregular;
    for (const [ending, singular] of PLURALS) {
      if (word.length > ending.length + 1 && word.endsWith(ending)) yield word.slice(0, -ending.length) + singular;
    }
  }
}

/** Words are compared without case, with one space between their parts. */
function normal(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, ' ');
}

/** Returns true if every node stands behind its parent and all nodes below that parent stand together. */
function isPreOrder(parents: readonly number[]): boolean {
  const path: number[] = [];
  return parents.every((parent, node) => {
    while (path.length > 0 && path.at(-1) !== parent) path.pop();
    const fits = node === 0 || path.length > 0;
    path.push(node);
    return fits;
  });
}
