import * as web from 'onnxruntime-web';
import { Graph, type GraphTensor } from '../../src/model/graph.js';
import type { ModelPack } from '../../src/model/pack.js';
import type { ExactGraphs } from './tiny.js';

/** A pack's exact graphs on onnxruntime-web's WebAssembly, in the shape of {@link Graph}. */
export async function webGraphs(pack: ModelPack): Promise<ExactGraphs> {
  web.env.wasm.numThreads = 1;
  const open = async (role: 'prior-first' | 'prior-second' | 'loop-filter'): Promise<Graph> => {
    const session = await web.InferenceSession.create(pack.graphs.get(role)!, { executionProviders: ['wasm'] });
    const run = async (inputs: Readonly<Record<string, GraphTensor>>): Promise<Record<string, GraphTensor>> => {
      const feeds = Object.entries(inputs).map(([name, { data, dims }]) => [name, new web.Tensor('uint8', data, dims)]);
      const outputs = await session.run(Object.fromEntries(feeds) as Record<string, web.Tensor>);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, tensor]) => [name, { data: tensor.data as Uint8Array, dims: tensor.dims }]),
      );
    };
    return Object.assign(Object.create(Graph.prototype) as Graph, { run });
  };
  return {
    first: await open('prior-first'),
    second: await open('prior-second'),
    loopFilter: await open('loop-filter'),
  };
}
