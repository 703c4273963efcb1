import { describe, expect, test } from '@jest/globals';
import { ModelError } from '../../src/errors.js';
import { FloatGraph } from '../../src/model/float-graph.js';
import { writeOnnx } from '../support/onnx.js';

const CPU = { device: 'cpu', threads: 1 } as const;
const sum = writeOnnx(
  [{ type: 'Add', inputs: ['x', 'y'], outputs: ['z'] }],
  [
    { name: 'x', shape: ['n'] },
    { name: 'y', shape: ['n'] },
  ],
  [{ name: 'z', shape: ['n'] }],
);

describe('FloatGraph', () => {
  test('evaluates a graph', async () => {
    await using graph = await FloatGraph.create(sum, CPU);
    expect([graph.inputNames, graph.outputNames]).toEqual([['x', 'y'], ['z']]);
    const { z } = await graph.run({
      x: { data: Float32Array.of(1, 2), dims: [2] },
      y: { data: Float32Array.of(0.5, -2), dims: [2] },
    });
    expect(z).toEqual({ data: Float32Array.of(1.5, 0), dims: [2] });
  });

  test('refuses what does not fit and works no more once disposed of', async () => {
    const graph = await FloatGraph.create(sum, CPU);
    const x = { data: Float32Array.of(1), dims: [1] };
    await expect(graph.run({ x })).rejects.toThrow(ModelError);
    await expect(graph.run({ x, y: { data: Float32Array.of(1), dims: [2] } })).rejects.toThrow(ModelError);
    await graph[Symbol.asyncDispose]();
    await graph[Symbol.asyncDispose]();
    await expect(graph.run({ x, y: x })).rejects.toThrow(/disposed/);
    await expect(FloatGraph.create(new Uint8Array(10), CPU)).rejects.toThrow(ModelError);
  });
});
