import * as web from 'onnxruntime-web';
import { Graph } from '../../src/model/graph.js';
import type { GraphTensor } from '../../src/model/network.js';
import type { GraphRole } from '../../src/model/manifest.js';
import type { ModelPack } from '../../src/model/pack.js';
import type { ExactGraphs } from './tiny.js';

/** One of a pack's graphs on onnxruntime-web's WebAssembly, in the shape of {@link Graph}. */
export async function webGraph(pack: ModelPack, role: GraphRole): Promise<Graph> {
  web.env.wasm.numThreads = 1;
  const session = await web.InferenceSession.create(pack.graphs.get(role)!, { executionProviders: ['wasm'] });
  const run = async (inputs: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>> => {
    const feeds = Object.entries(inputs).map(([name, { data, dims }]) => [name, new web.Tensor('uint8', data, dims)]);
    const outputs = await session.run(Object.fromEntries(feeds) as Record<string, web.Tensor>);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, tensor]) => [name, { data: tensor.data as Uint8Array, dims: tensor.dims }]),
    );
  };
  return Object.assign(Object.create(Graph.prototype) as Graph, { run });
}

/** The exact graphs of a pack of the family transform. */
export async function webGraphs(pack: ModelPack): Promise<ExactGraphs> {
  return {
    first: await webGraph(pack, 'prior-first'),
    second: await webGraph(pack, 'prior-second'),
    loopFilter: await webGraph(pack, 'loop-filter'),
  };
}
