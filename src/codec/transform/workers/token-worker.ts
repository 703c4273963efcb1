import { openNetwork } from '../../../model/open-network.js';
import type { PackTables } from '../pack-tables.js';
import { FrameTokens, Geometry, type TokenArrays } from '../frame-tokens.js';
import { TokenCodec } from '../token-codec.js';
import type { WorkerSetup } from '../../workers/messages.js';
import { serveTokens } from '../../workers/serve-tokens.js';

/** The setup of the token worker. */
export interface TokenSetup extends WorkerSetup {
  readonly tables: PackTables;
  readonly priorFirst: Uint8Array;
  readonly priorSecond: Uint8Array;
}

serveTokens<TokenArrays>(async (setup: TokenSetup) => {
  const geometry = new Geometry(setup.width, setup.height);
  const { device, threads, isResilient } = setup;
  const first = await openNetwork(setup.priorFirst, { device, threads });
  const second = await openNetwork(setup.priorSecond, { device, threads });
  const codec = new TokenCodec(geometry, setup.tables, { first, second }, isResilient);
  return {
    write: (header, tokens) => codec.write(header, FrameTokens.adopt(geometry, tokens)),
    read: async (header, bytes, _isBeforeKnown, spare) =>
      (await codec.read(header, bytes, spare && FrameTokens.adopt(geometry, spare))).arrays(),
  };
});
