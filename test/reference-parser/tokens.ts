import type { ReferencePacket } from './container.js';
import type { Block, FrameModes } from './modes.js';
import { isIntra, SKIP } from './modes.js';
import type { ReferencePack, Values } from './pack.js';
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
  const remembered = recall(packet, modes, slots);
  const tokens = new Int16Array(rows * columns * TOKENS);
  const isEarly = (index: number): boolean => (Math.floor(index / columns) + (index % columns)) % 2 === 0;
  const blockAt = (index: number): Block => {
    const block = macroblocks[index];
    if (block === undefined) throw new Error(`macroblock ${index} belongs to no block`);
    return block;
  };
  const isCoded = (index: number): boolean => {
    const { row, column, lumaGroups, chromaGroups } = blockAt(index);
    return row * columns + column === index && lumaGroups + chromaGroups > 0;
  };
  const coded = [...macroblocks.keys()].filter(isCoded);
  const later = coded.filter((index) => !isEarly(index));
  const readPass = (indices: readonly number[], { shape, values }: Values): void => {
    if (shape.join() !== `${indices.length},${TOKENS}`) throw new Error(`scales of the shape ${shape.join()}`);
    for (const [row, index] of indices.entries()) {
      if (isEarly(index) === (indices === later)) continue;
      const own = tokens.subarray(index * TOKENS, (index + 1) * TOKENS);
      readBlock(stream, tables, pack, blockAt(index), own, (token) => {
        return values[row * TOKENS + token] ?? 255;
      });
    }
  };

  if (coded.length > 0) {
    const first = await run(pack, 'prior-first', {
      block: table(coded, (index) => blockValues(blockAt(index), packet, pack)),
      around: table(coded, (index) => around(modes, index).flatMap(neighbourValues)),
      memory: table(coded, (index) => [...remembered.subarray(index * TOKENS, (index + 1) * TOKENS)]),
    });
    readPass(coded, first.scale);
    const { features } = first;
    if (features === undefined) throw new Error('the first graph of the prior gives no features');
    if (later.length > 0) {
      const width = features.shape[1] ?? 0;
      const second = await run(pack, 'prior-second', {
        features: table(later, (index) => {
          const row = coded.indexOf(index);
          return [...features.values.subarray(row * width, (row + 1) * width)];
        }),
        neighbours: table(later, (index) =>
          sides.flatMap(([down, right]) => {
            const neighbour = beside(modes, index, down, right);
            const from = (neighbour ?? 0) * TOKENS;
            return [...tokens.subarray(from, from + TOKENS)].map((token) => (neighbour === null ? 0 : code(token)));
          }),
        ),
      });
      readPass(later, second.scale);
    }
  }

  const memory = remembered.map((r, at) => {
    return isCoded(Math.floor(at / TOKENS)) ? Math.max(code(tokens[at] ?? 0), (3 * r) >> 2) : (7 * r) >> 3;
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
    const motion = block?.subBlocks[0]?.motion ?? null;
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

/** A tensor with one row for each of some macroblocks. */
function table(indices: readonly number[], rowOf: (index: number) => readonly number[]): Values {
  const rows = indices.map(rowOf);
  return { shape: [rows.length, rows[0]?.length ?? 0], values: Uint8Array.from(rows.flat()) };
}

async function run(
  pack: ReferencePack,
  graph: string,
  inputs: Record<string, Values>,
): Promise<{ scale: Values; features: Values | undefined }> {
  const { scale, features } = await pack.run(graph, inputs);
  if (scale === undefined) throw new Error(`${graph} gives no scale`);
  return { scale, features };
}

const flag = (condition: boolean): number => (condition ? 64 : 0);

/** `block(b)` of section 9. */
function blockValues(block: Block, packet: ReferencePacket, pack: ReferencePack): number[] {
  const values = Array.from({ length: 32 }, () => 0);
  values[0] = flag(!packet.isKey);
  values[1] = block.q;
  values[2 + block.type] = 64;
  values[7] = flag(block.transform === 1);
  values[8] = 4 * block.lumaGroups;
  values[9] = 8 * block.chromaGroups;
  values[10] = flag(block.hasNewMotion);
  values[11] = flag(block.subBlocks.some(({ motion }) => motion?.reference === 2));
  values[12] = 64;
  const intraMode = block.subBlocks[0]?.intraMode ?? null;
  if (intraMode !== null) values[13 + (pack.table('intraClass').values[intraMode] ?? 255)] = 64;
  if (block.size > 0) values[28 + block.size] = 64;
  return values;
}

/** Steps (down, right) to left, above, right and below. */
const sides = [
  [0, -1],
  [-1, 0],
  [0, 1],
  [1, 0],
] as const;

/** The macroblock so many steps away; null outside the frame. */
function beside({ rows, columns }: FrameModes, index: number, down: number, right: number): number | null {
  const row = Math.floor(index / columns) + down;
  const column = (index % columns) + right;
  return row >= 0 && row < rows && column >= 0 && column < columns ? row * columns + column : null;
}

/** The eight neighbours in the order of section 9. */
function around(modes: FrameModes, index: number): (Block | null)[] {
  const corners = [-1, 1].flatMap((down) => [-1, 1].map((right) => [down, right] as const));
  return [...sides, ...corners].map(([down, right]) => {
    const neighbour = beside(modes, index, down, right);
    return neighbour === null ? null : (modes.macroblocks[neighbour] ?? null);
  });
}

function neighbourValues(block: Block | null): number[] {
  if (block === null) return [0, 0, 0, 0, 0, 0];
  const flags = [isIntra(block.type), block.type === SKIP, block.transform === 1].map(flag);
  return [64 + 32 * block.size, ...flags, 4 * block.lumaGroups, 8 * block.chromaGroups];
}

function readBlock(
  stream: SymbolStream,
  tables: TableSet,
  pack: ReferencePack,
  block: Block,
  tokens: Int16Array,
  scaleOf: (token: number) => number,
): void {
  const neighbours = pack.table('contextNeighbours').values;
  const contextOfSum = pack.table('contextOfSum').values;
  const read = (kind: number, base: number, index: number): void => {
    let sum = 0;
    let near = 0;
    for (let n = 0; n < 6; n++) {
      const neighbour = neighbours[(kind * 256 + index) * 6 + n] ?? 255;
      if (neighbour === 255) continue;
      const size = Math.abs(tokens[base + neighbour] ?? 0);
      sum += Math.min(size, 3);
      if (n < 2) near += size;
    }
    const part = [4, 16, 48, 128].filter((limit) => index >= limit).length;
    const magnitude = tables.magnitude(
      stream,
      kind,
      scaleOf(base + index),
      contextOfSum[sum] ?? 8,
      Math.min(6, near),
      part,
    );
    if (magnitude > 0) tokens[base + index] = stream.bits(1) === 1 ? -magnitude : magnitude;
  };
  const isLarge = block.size > 0;
  const atoms = (name: string): number => (isLarge ? 256 : (pack.table(name).shape[1] ?? 0));
  for (let index = 0; index < (lumaLimit[block.lumaGroups] ?? 0); index++) {
    const isThere = block.transform === 0 ? index < atoms('basis16') : index >> 2 < atoms('basis8');
    if (isThere) read(block.transform, 0, index);
  }
  for (let index = 0; index < (chromaLimit[block.chromaGroups] ?? 0); index++) {
    if (index >> 1 < atoms('basisChroma')) read(2, 256, index);
  }
}
