import type { ReferencePacket } from './container.js';
import type { FrameModes, Macroblock } from './modes.js';
import { isIntra, SKIP } from './modes.js';
import type { Planes, ReferencePack } from './pack.js';
import type { SymbolStream, TableSet } from './symbols.js';

export const TOKENS = 384;

const lumaLimit = [0, 1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 160, 192, 256];
const chromaLimit = [0, 2, 4, 8, 16, 32, 64, 96, 128];

/** Section 9: what a magnitude counts in the prior's inputs. */
function code(token: number): number {
  return Math.round(16 * Math.log2(1 + Math.min(Math.abs(token), 15)));
}

/** What a slot remembers: [rows, columns, 384]. */
export type Memory = Uint8Array;

/** Sections 8 (item 4) and 9: tokens [macroblock][384] of a frame, and the memory that it leaves. */
export async function readTokens(
  stream: SymbolStream,
  tables: TableSet,
  pack: ReferencePack,
  packet: ReferencePacket,
  modes: FrameModes,
  slots: ReadonlyMap<number, Memory>,
): Promise<{ tokens: Int16Array; memory: Memory }> {
  const { rows, columns, macroblocks } = modes;
  const count = rows * columns;
  const remembered = recall(packet, modes, slots);
  const tokens = new Int16Array(count * TOKENS);
  const grid = (channels: number, value: (channel: number, index: number) => number): Planes => {
    const values = new Uint8Array(channels * count);
    for (let channel = 0; channel < channels; channel++) {
      for (let index = 0; index < count; index++) values[channel * count + index] = value(channel, index);
    }
    return { channels, rows, columns, values };
  };
  const isFirst = (index: number): boolean => (Math.floor(index / columns) + (index % columns)) % 2 === 0;
  const readPass = (scale: Planes | undefined, wanted: boolean): void => {
    if (scale === undefined) throw new Error('a graph of the prior gives no scale');
    for (const [index, block] of macroblocks.entries()) {
      if (isFirst(index) !== wanted) continue;
      const own = tokens.subarray(index * TOKENS, (index + 1) * TOKENS);
      readMacroblock(stream, tables, pack, block, own, (token) => scale.values[token * count + index] ?? 255);
    }
  };

  const context = grid(32, (plane, index) => contextPlane(plane, macroblocks[index] as Macroblock, packet));
  const memoryInput = grid(TOKENS, (token, index) => remembered[index * TOKENS + token] ?? 0);
  const first = await pack.run('prior-first', { context, memory: memoryInput });
  readPass(first['scale'], true);
  const known = grid(TOKENS, (token, index) => (isFirst(index) ? code(tokens[index * TOKENS + token] ?? 0) : 0));
  const second = await pack.run('prior-second', { features: first['features'] as Planes, tokens: known });
  readPass(second['scale'], false);

  const memory = remembered.map((r, at) => {
    const block = macroblocks[Math.floor(at / TOKENS)];
    const isCoded = (block?.lumaGroups ?? 0) + (block?.chromaGroups ?? 0) > 0;
    return isCoded ? Math.max(code(tokens[at] ?? 0), (3 * r) >> 2) : (7 * r) >> 3;
  });
  return { tokens, memory };
}

/** `r` of section 9 for every macroblock. */
function recall(
  packet: ReferencePacket,
  { rows, columns, macroblocks }: FrameModes,
  slots: ReadonlyMap<number, Memory>,
) {
  const remembered = new Uint8Array(rows * columns * TOKENS);
  for (const [index, block] of macroblocks.entries()) {
    const motion = block.subBlocks[0]?.motion ?? null;
    if (motion === null) continue;
    const used = motion.reference === 1 ? 1 : 0;
    const vector = motion.vectors[used];
    const slot = packet.references[used];
    const memory = slot === undefined ? undefined : slots.get(slot);
    if (vector === null || memory === undefined) throw new Error('a motion refers to a slot that nothing has filled');
    const clip = (value: number, limit: number): number => Math.min(Math.max(value, 0), limit);
    const column = clip((64 * (index % columns) + vector.x + 32) >> 6, columns - 1);
    const row = clip((64 * Math.floor(index / columns) + vector.y + 32) >> 6, rows - 1);
    const from = (row * columns + column) * TOKENS;
    remembered.set(memory.subarray(from, from + TOKENS), index * TOKENS);
  }
  return remembered;
}

/** Value of a plane of the prior's `context` input. */
function contextPlane(plane: number, block: Macroblock, packet: ReferencePacket): number {
  const on = (condition: boolean): number => (condition ? 64 : 0);
  if (plane === 0) return on(!packet.isKey);
  if (plane === 1) return block.q;
  if (plane <= 6) return on(block.type === plane - 2);
  if (plane === 7) return on(block.transform === 1);
  if (plane === 8) return 4 * block.lumaGroups;
  if (plane === 9) return 8 * block.chromaGroups;
  if (plane === 10) return on(block.hasNewMotion);
  if (plane === 11) return on(block.subBlocks.some(({ motion }) => motion?.reference === 2));
  if (plane === 12) return 64;
  if (plane <= 28) return on(block.subBlocks[0]?.intraMode === plane - 13);
  return on(!isIntra(block.type) && block.type !== SKIP && block.basis > 0 && block.basis === plane - 28);
}

function readMacroblock(
  stream: SymbolStream,
  tables: TableSet,
  pack: ReferencePack,
  block: Macroblock,
  tokens: Int16Array,
  scaleOf: (token: number) => number,
): void {
  const neighbours = pack.table('contextNeighbours').values;
  const contextOfSum = pack.table('contextOfSum').values;
  const read = (kind: number, base: number, index: number): void => {
    let sum = 0;
    for (let n = 0; n < 6; n++) {
      const neighbour = neighbours[(kind * 256 + index) * 6 + n] ?? 255;
      if (neighbour !== 255) sum += Math.min(Math.abs(tokens[base + neighbour] ?? 0), 3);
    }
    const magnitude = tables.magnitude(stream, kind, scaleOf(base + index), contextOfSum[sum] ?? 8);
    if (magnitude > 0) tokens[base + index] = stream.bits(1) === 1 ? -magnitude : magnitude;
  };
  const atoms = (name: string): number => pack.table(name).shape[1] ?? 0;
  for (let index = 0; index < (lumaLimit[block.lumaGroups] ?? 0); index++) {
    const isThere = block.transform === 0 ? index < atoms('basis16') : index >> 2 < atoms('basis8');
    if (isThere) read(block.transform, 0, index);
  }
  for (let index = 0; index < (chromaLimit[block.chromaGroups] ?? 0); index++) {
    if (index >> 1 < atoms('basisChroma')) read(2, 256, index);
  }
}
