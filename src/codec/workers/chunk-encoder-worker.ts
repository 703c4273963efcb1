import { workerData } from 'node:worker_threads';
import { Kernels } from '../../kernels/kernels.js';
import { Graph } from '../../model/graph.js';
import { CellGrid } from '../lookup-free/cell-grid.js';
import { hasOwnTokens, idsChecksum, type CellTokens } from '../lookup-free/cell-tokens.js';
import { ChunkEncoder, type ChunkOptions } from '../lookup-free/chunk-encoder.js';
import type { ChunkDecoderSetup } from './chunk-decoder-worker.js';
import { tokenBuffers, type EncoderRequest, type EncoderResponse } from './messages.js';
import { serveRequests, type Served } from './serve.js';

/** What the encoder worker of lookup-free packs is made of. */
export interface ChunkEncoderSetup extends ChunkDecoderSetup, ChunkOptions {
  readonly encoder: Uint8Array;
}

const setup = workerData as ChunkEncoderSetup;

serveRequests(async () => {
  const { width, height, device, threads, firstState } = setup;
  const graphs = {
    encoder: await Graph.create(setup.encoder, { device, threads }),
    decoder: await Graph.create(setup.decoder, { device, threads }),
    firstState,
  };
  const encoder = new ChunkEncoder(new Kernels(), new CellGrid(width, height), graphs, setup);
  return async ({ picture }: EncoderRequest): Promise<Served<EncoderResponse<CellTokens>>> => {
    const isEnd = picture === null;
    if (!isEnd) encoder.push(picture);
    if (!encoder.isReady(isEnd)) return { response: null };
    const packet = await encoder.next(isEnd);
    return {
      response: { ...packet, loopChecksum: hasOwnTokens(packet.head) ? idsChecksum(packet.tokens) : null },
      transfer: tokenBuffers(packet.tokens),
    };
  };
});
