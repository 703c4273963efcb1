import { EnvironmentError } from '../../../errors.js';
import { Graph, type GraphOptions } from '../../../model/graph.js';
import type { Network } from '../../../model/network.js';
import { openNetwork } from '../../../model/open-network.js';
import { Geometry } from '../frame-tokens.js';
import { ATTENUATION, attenuatePicture } from '../attenuation.js';
import { runPostFilter } from '../loop-filter.js';
import { planeBuffers, type Planes } from '../../planes.js';
import type { PostFilterRequest, WorkerSetup } from '../../workers/messages.js';
import { release } from '../../../platform/threads.js';
import { serveRequests, type Served } from '../../../threads/serve.js';

/** The setup of the post-filter worker. */
export interface PostFilterSetup extends WorkerSetup {
  readonly graph: Uint8Array;
}

serveRequests(async (setup: PostFilterSetup) => {
  const { device, threads } = setup;
  const geometry = new Geometry(setup.width, setup.height);
  const graph = await openPostFilter(setup.graph, { device, threads });
  return async ({ planes, side, attenuation }: PostFilterRequest): Promise<Served<Planes>> => {
    if (attenuation === ATTENUATION.all) {
      release([side.buffer]);
      return { response: planes, transfer: planeBuffers(planes) };
    }
    const shown = await runPostFilter(graph, geometry, planes, side);
    attenuatePicture(planes, shown, attenuation);
    release([...planeBuffers(planes), side.buffer]);
    return { response: shown, transfer: planeBuffers(shown) };
  };
});

/**
 * Opens a post-filter in onnxruntime, which computes in float, and in 8 bits several times faster than WebAssembly.
 * Where it cannot be loaded, filters of 8 bits run in tessera's engine, with the same result.
 */
async function openPostFilter(bytes: Uint8Array, options: GraphOptions): Promise<Network> {
  try {
    return await Graph.create(bytes, options);
  } catch (error) {
    if (!(error instanceof EnvironmentError) || options.device !== 'cpu') throw error;
    return await openNetwork(bytes, options);
  }
}
