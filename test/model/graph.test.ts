import { beforeAll, describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/errors.js';
import { Graph, type GraphOptimisation } from '../../src/model/graph.js';
import type { GraphTensor } from '../../src/model/network.js';
import { loadPack, type ModelPack } from '../../src/model/pack.js';
import { PROBE_GRAPH } from '../../src/model/probe-graph.js';
import { TINY_PACK } from '../support/packs.js';

const CPU = { device: 'cpu', threads: 1 } as const;

describe('Graph', () => {
  let pack: ModelPack;
  beforeAll(async () => {
    pack = await loadPack(TINY_PACK);
  });

  test('evaluates a graph and names its inputs and outputs', async () => {
    await using graph = await Graph.create(PROBE_GRAPH, CPU);
    expect(graph.inputNames).toEqual(['x']);
    expect(graph.outputNames).toEqual(['y']);
    const input = Uint8Array.of(200);
    const { y } = await graph.run({ x: { data: input, dims: [1] } });
    expect(y).toEqual({ data: Uint8Array.of(200), dims: [1] });
    expect(y!.data.buffer).not.toBe(input.buffer);
  });

  test('refuses what is no graph, sizes that do not fit and missing inputs', async () => {
    await expect(Graph.create(new Uint8Array(100), CPU)).rejects.toThrow(ModelError);
    await using graph = await Graph.create(PROBE_GRAPH, CPU);
    await expect(graph.run({ x: { data: new Uint8Array(2), dims: [1] } })).rejects.toThrow(
      /input x: 2 values for .*\[1\]/,
    );
    await expect(graph.run({ x: { data: new Uint8Array(2), dims: [2] } })).rejects.toThrow(ModelError);
    await expect(graph.run({})).rejects.toThrow(ModelError);
  });

  test('can be disposed of twice and not used after', async () => {
    const graph = await Graph.create(PROBE_GRAPH, CPU);
    await graph[Symbol.asyncDispose]();
    await graph[Symbol.asyncDispose]();
    await expect(graph.run({ x: { data: new Uint8Array(1), dims: [1] } })).rejects.toThrow(/disposed/);
  });

  test('exact graphs give the same bits at every optimisation level and thread count', async () => {
    const count = 63;
    let seed = 1;
    const random = (fields: number): GraphTensor => ({
      dims: [count, fields],
      data: Uint8Array.from({ length: count * fields }, () => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        return (seed >>> 24) % 65;
      }),
    });
    const inputs = { block: random(32), around: random(48), memory: random(384) };
    const results: Record<string, GraphTensor>[] = [];
    for (const optimisation of ['disabled', 'basic', 'extended', 'all'] satisfies GraphOptimisation[]) {
      for (const threads of [1, 2, 4]) {
        await using graph = await Graph.create(pack.graphs.get('prior-first')!, {
          device: 'cpu',
          threads,
          optimisation,
        });
        results.push(await graph.run(inputs));
      }
    }
    expect(new Set(results[0]!['scale']!.data).size).toBeGreaterThan(2);
    for (const result of results) expect(result).toEqual(results[0]);
  });
});
