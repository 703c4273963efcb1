import type { GraphOptimisation } from '../../src/model/graph.js';
import type { GraphTensor } from '../../src/model/network.js';
import type { ModelPack } from '../../src/model/pack.js';

/** Ways to evaluate graphs that must all give the same bits. */
export const EXACT_SETTINGS: readonly [threads: number, optimisation: GraphOptimisation][] = [
  [1, 'disabled'],
  [1, 'basic'],
  [1, 'all'],
  [2, 'all'],
  [4, 'disabled'],
  [4, 'all'],
];

/** Inputs or outputs of a graph among a pack's self-test vectors, by name. */
export function selfTestVectors(
  { selfTest }: Pick<ModelPack, 'selfTest'>,
  role: string,
  kind: 'input' | 'output',
): Record<string, GraphTensor> {
  const prefix = `${role}.${kind}.`;
  return Object.fromEntries(
    [...selfTest].flatMap(([name, { data, shape }]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), { data: data as Uint8Array, dims: shape }]] : [],
    ),
  );
}
