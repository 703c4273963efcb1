import type { ReferencePacket, ReferenceStream } from './container.js';
import { marksOf, readContainer } from './container.js';
import type { FrameModes, KeptMotion } from './modes.js';
import { readModes } from './modes.js';
import type { ReferencePack } from './pack.js';
import { SymbolStream, TableSet } from './symbols.js';
import type { LoopPicture } from './reconstruct.js';
import { reconstruct } from './reconstruct.js';
import type { Memory } from './tokens.js';
import { readTokens } from './tokens.js';

/** What a packet says, and its loop picture. */
export interface ParsedFrame {
  packet: ReferencePacket;
  modes: FrameModes;
  /** [macroblock][384]. */
  tokens: Int16Array;
  picture: LoopPicture;
}

/** Parses and reconstructs every frame of a stream. */
export async function* parseStream(
  bytes: Uint8Array,
  pack: ReferencePack,
): AsyncGenerator<ParsedFrame & { stream: ReferenceStream }> {
  const stream = readContainer(bytes);
  const tables = new TableSet(pack);
  let memories = new Map<number, Memory>();
  let motions = new Map<number, KeptMotion>();
  let pictures = new Map<number, LoopPicture>();
  const { isResilient } = stream.header;
  const withoutMarks = marksOf(stream.header);
  for (const packet of stream.packets) {
    if (packet.isKey) {
      tables.reset();
      memories = new Map();
      motions = new Map();
      pictures = new Map();
    } else if (isResilient) tables.restore();
    const symbols = new SymbolStream(withoutMarks(packet));
    const modes = readModes(symbols, tables, pack, packet, stream.header, motions);
    const { tokens, memory } = await readTokens(symbols, tables, pack, packet, modes, memories);
    symbols.end();
    if (packet.isKey) tables.keep();
    const picture = await reconstruct(pack, packet, modes, tokens, pictures);
    if (packet.refreshSlot !== null) {
      const references = packet.references.map((slot) => motions.get(slot)?.pts);
      // In resilient streams, nothing but pictures is taken over from other frames.
      if (!isResilient) motions.set(packet.refreshSlot, { modes, pts: packet.pts, referencePts: references });
      memories.set(packet.refreshSlot, isResilient ? memory.fill(0) : memory);
      pictures.set(packet.refreshSlot, picture);
    }
    yield { stream, packet, modes, tokens, picture };
  }
}
