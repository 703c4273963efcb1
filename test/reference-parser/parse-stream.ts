import type { ReferencePacket, ReferenceStream } from './container.js';
import { readContainer } from './container.js';
import type { FrameModes } from './modes.js';
import { readModes } from './modes.js';
import type { ReferencePack } from './pack.js';
import { SymbolStream, TableSet } from './symbols.js';
import type { Memory } from './tokens.js';
import { readTokens } from './tokens.js';

/** What a packet says, before any sample is reconstructed. */
export interface ParsedFrame {
  packet: ReferencePacket;
  modes: FrameModes;
  /** [macroblock][384]. */
  tokens: Int16Array;
}

/** Parses every frame of a stream. */
export async function* parseStream(
  bytes: Uint8Array,
  pack: ReferencePack,
): AsyncGenerator<ParsedFrame & { stream: ReferenceStream }> {
  const stream = readContainer(bytes);
  const tables = new TableSet(pack);
  let slots = new Map<number, Memory>();
  for (const packet of stream.packets) {
    if (packet.isKey) {
      tables.reset();
      slots = new Map();
    }
    const symbols = new SymbolStream(packet.tokens);
    const modes = readModes(symbols, tables, pack, packet, stream.header);
    const { tokens, memory } = await readTokens(symbols, tables, pack, packet, modes, slots);
    symbols.end();
    if (packet.fills !== null) slots.set(packet.fills, memory);
    yield { stream, packet, modes, tokens };
  }
}
