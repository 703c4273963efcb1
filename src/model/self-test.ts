import { equalBytes } from '../bitstream/bytes.js';
import { ModelError } from '../errors.js';
import { Graph, type GraphOptions } from './graph.js';
import type { GraphTensor } from './network.js';
import { openNetwork } from './open-network.js';
import { FAMILIES, type ExactGraphRole } from './families.js';
import type { ModelPack } from './pack.js';

/** The result of one graph: whether its output equals the pack's expected output, to the last bit. */
export interface SelfTestResult {
  readonly role: ExactGraphRole;
  readonly ok: boolean;
}

/**
 * Evaluates every exact graph of a pack on its self-test vectors, as encoder and decoder do. A device that fails here would read streams wrongly
 * and must not be used.
 *
 * @throws ModelError if the pack lacks vectors for a graph, or a graph cannot be evaluated.
 */
export async function selfTestPack(
  pack: Pick<ModelPack, 'name' | 'family' | 'graphs' | 'selfTest'>,
  options: GraphOptions,
): Promise<SelfTestResult[]> {
  const results: SelfTestResult[] = [];
  for (const role of FAMILIES[pack.family].exact) {
    const bytes = pack.graphs.get(role);
    if (bytes === undefined) throw new ModelError(`model pack ${pack.name} has no graph ${role}: get the pack again`);
    const inputs = vectors(pack, `${role}.input.`);
    const expected = vectors(pack, `${role}.output.`);
    const isInteger = pack.family === 'transform';
    await using graph = await (isInteger ? openNetwork(bytes, options) : Graph.create(bytes, options));
    const outputs = await graph.run(inputs);
    const ok = Object.entries(expected).every(([name, tensor]) => equalTensors(outputs[name], tensor));
    results.push({ role, ok });
  }
  return results;
}

function vectors(pack: Pick<ModelPack, 'name' | 'selfTest'>, prefix: string): Record<string, GraphTensor> {
  const found: Record<string, GraphTensor> = {};
  for (const [name, { data, shape }] of pack.selfTest) {
    if (name.startsWith(prefix) && data instanceof Uint8Array) found[name.slice(prefix.length)] = { data, dims: shape };
  }
  if (Object.keys(found).length === 0) {
    throw new ModelError(`model pack ${pack.name} has no self-test vectors ${prefix}*: get the pack again`);
  }
  return found;
}

function equalTensors(a: GraphTensor | undefined, b: GraphTensor): boolean {
  return (
    a?.dims.length === b.dims.length &&
    a.dims.every((length, axis) => length === b.dims[axis]) &&
    equalBytes(a.data, b.data)
  );
}
