import { Graph } from '../../../model/graph.js';
import { Geometry } from '../frame-tokens.js';
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
  const graph = await Graph.create(setup.graph, { device, threads });
  return async ({ planes, side }: PostFilterRequest): Promise<Served<Planes>> => {
    const shown = await runPostFilter(graph, geometry, planes, side);
    release([...planeBuffers(planes), side.buffer]);
    return { response: shown, transfer: planeBuffers(shown) };
  };
});
