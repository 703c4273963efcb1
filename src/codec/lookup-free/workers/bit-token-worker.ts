import type { BitTables } from '../bit-tables.js';
import { Graph } from '../../../model/graph.js';
import { BitTokenCodec } from '../bit-token-codec.js';
import { CellGrid } from '../cell-grid.js';
import type { CellTokens } from '../cell-tokens.js';
import { tokenBuffers, type WorkerSetup } from '../../workers/messages.js';
import { release } from '../../../platform/threads.js';
import { serveTokens } from '../../workers/serve-tokens.js';

/** The setup of the token worker of lookup-free packs. */
export interface BitTokenSetup extends WorkerSetup {
  readonly tables: BitTables;
  readonly prior: Uint8Array;
}

serveTokens<CellTokens>(async (setup: BitTokenSetup) => {
  const { width, height, tables, device, threads, isResilient } = setup;
  const prior = await Graph.create(setup.prior, { device, threads }, release);
  const codec = new BitTokenCodec(new CellGrid(width, height), tables, prior, isResilient);
  return {
    write: (header, tokens) => codec.write(header, tokens),
    read: (header, bytes, isBeforeKnown, spare) => {
      if (spare !== undefined) release(tokenBuffers(spare));
      return codec.read(header, bytes, isBeforeKnown);
    },
  };
});
