import { BitTokenCodec } from '../../../src/codec/lookup-free/bit-token-codec.js';
import { CellGrid } from '../../../src/codec/lookup-free/cell-grid.js';
import { idsChecksum, type CellTokens } from '../../../src/codec/lookup-free/cell-tokens.js';
import { requireChecksum } from '../../../src/codec/loop-checksum.js';
import { splitMarks } from '../../../src/codec/slot-marks.js';
import { readBitTables } from '../../../src/codec/lookup-free/bit-tables.js';
import type { Graph } from '../../../src/model/graph.js';
import { loadPack } from '../../../src/model/pack.js';
import { TINY_LOOKUP_FREE_PACK } from '../../support/packs.js';
import { packetsOf } from '../packets-of.js';

/** The tiny lookup-free pack, read once per test file. */
export const tinyLookupFree = loadPack(TINY_LOOKUP_FREE_PACK);

/** Tokens of all packets of a stream of the tiny pack; throws at the first thing that is wrong. */
export async function readTokens(bytes: Uint8Array, prior: Pick<Graph, 'run'>): Promise<CellTokens[]> {
  const { header, packets } = await packetsOf(bytes);
  const codec = new BitTokenCodec(
    new CellGrid(header.width, header.height),
    readBitTables(await tinyLookupFree),
    prior,
    header.isResilient,
  );
  const frames: CellTokens[] = [];
  for (const packet of packets) {
    const isResilient = header.isResilient === true;
    const tokens = await codec.read(packet, isResilient ? splitMarks(packet, packet.tokens).rest : packet.tokens);
    if (packet.loopChecksum !== null) requireChecksum(idsChecksum(tokens), packet.loopChecksum);
    frames.push(tokens);
  }
  return frames;
}
