import { Graph } from '../../../model/graph.js';
import { CellGrid } from '../cell-grid.js';
import { idsChecksum, type CellTokens } from '../cell-tokens.js';
import { ChunkDecoder } from '../chunk-decoder.js';
import { planeBuffers } from '../../planes.js';
import { release } from '../../../platform/threads.js';
import { requireChecksum } from '../../loop-checksum.js';
import type { WorkerSetup } from '../../workers/messages.js';
import { servePictures } from '../../workers/serve-pictures.js';

/** The setup of the decoder worker of lookup-free packs. */
export interface ChunkDecoderSetup extends WorkerSetup {
  /** The initial value of each channel of the state, for the start of a chunk. */
  readonly firstState: Uint8Array;
  readonly decoder: Uint8Array;
}

servePictures<CellTokens>(async (setup: ChunkDecoderSetup) => {
  const { width, height, device, threads } = setup;
  const graph = await Graph.create(setup.decoder, { device, threads });
  const decoder = new ChunkDecoder(new CellGrid(width, height), graph, setup.firstState);
  return {
    make: async ({ header, tokens, checksum, spare }) => {
      if (spare !== undefined) release(planeBuffers(spare));
      if (checksum !== null) requireChecksum(idsChecksum(tokens), checksum);
      return { planes: await decoder.decode(header, tokens), side: new Uint8Array(0), attenuation: 0 };
    },
    // The state of the last token grid stands for that of a lost one.
    mend: () => undefined,
  };
});
