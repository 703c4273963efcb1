import { Kernels } from '../../../kernels/kernels.js';
import type { BitTables } from '../bit-tables.js';
import { Graph } from '../../../model/graph.js';
import { CellGrid } from '../cell-grid.js';
import { idsChecksum, tokenGridsOf, type CellTokens } from '../cell-tokens.js';
import { ChunkEncoder, type ChunkOptions } from '../chunk-encoder.js';
import type { ChunkDecoderSetup } from './chunk-decoder-worker.js';
import { tokenBuffers, type EncoderRequest, type EncoderResponse } from '../../workers/messages.js';
import { serveRequests, type Served } from '../../../threads/serve.js';

/** The setup of the encoder worker of lookup-free packs. */
export interface ChunkEncoderSetup extends ChunkDecoderSetup, ChunkOptions {
  readonly encoder: Uint8Array;
  readonly prior: Uint8Array;
  readonly tables: BitTables;
}

serveRequests(async (setup: ChunkEncoderSetup) => {
  const { width, height, device, threads, tables } = setup;
  const graphs = {
    encoder: await Graph.create(setup.encoder, { device, threads }),
    decoder: await Graph.create(setup.decoder, { device, threads }),
    prior: await Graph.create(setup.prior, { device, threads }),
    tables,
  };
  const start = (channels: number): ChunkEncoder =>
    new ChunkEncoder(new Kernels(), new CellGrid(width, height), graphs, { ...setup, channels });
  let encoder = start(setup.channels);
  return async (request: EncoderRequest): Promise<Served<EncoderResponse<CellTokens>>> => {
    if (request.kind === 'restart') {
      encoder = start(request.quality);
      return { response: null };
    }
    const { picture, quality } = request;
    const isEnd = picture === null;
    if (!isEnd) encoder.push(picture);
    if (!encoder.isReady(isEnd)) return { response: null };
    const packet = await encoder.next(isEnd, quality ?? undefined);
    return {
      response: { ...packet, loopChecksum: tokenGridsOf(packet.header) > 0 ? idsChecksum(packet.tokens) : null },
      transfer: tokenBuffers(packet.tokens),
    };
  };
});
