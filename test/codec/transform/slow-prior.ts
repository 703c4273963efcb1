// Inputs of the prior and of the filters as FORMAT.md sections 9 and 10 tell them.
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import type { FrameTokens } from '../../../src/codec/transform/frame-tokens.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { clip } from '../../kernels/twins/block.js';
import { isFirstMacroblock } from './slow-order.js';
import { slowQ } from './slow-picture.js';

export function code(token: number): number {
  return Math.round(16 * Math.log2(1 + Math.min(Math.abs(token), 15)));
}

type Value = (row: number, column: number) => number;

/** [planes.length, rows, columns]. */
function draw(rows: number, columns: number, planes: readonly Value[]): Uint8Array {
  return Uint8Array.from(
    planes.flatMap((plane) =>
      Array.from({ length: rows * columns }, (_, at) => plane(Math.floor(at / columns), at % columns)),
    ),
  );
}

/** Macroblocks that have any tokens. */
export function codedBlocks(tokens: FrameTokens): number[] {
  return [...tokens.type.keys()].filter(
    (at) => isFirstMacroblock(tokens, at) && tokens.lumaGroups[at]! + tokens.chromaGroups[at]! > 0,
  );
}

/** [coded, 32]: what describes a macroblock itself. */
export function slowBlocks(pack: PackTables, header: FrameHeader, tokens: FrameTokens): Uint8Array {
  const { columns } = tokens.geometry;
  const describe = (at: number): number[] => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const subs = [0, 1].flatMap((y) => [0, 1].map((x) => (2 * row + y) * 2 * columns + 2 * column + x));
    const isIntra = tokens.type[at]! >= 3;
    const oneOf = (count: number, which: number): number[] =>
      Array.from({ length: count }, (_, i) => (i === which ? 64 : 0));
    return [
      header.kind === 'inter' ? 64 : 0,
      slowQ(header, tokens, row, column),
      ...oneOf(5, tokens.type[at]!),
      64 * tokens.transform[at]!,
      4 * tokens.lumaGroups[at]!,
      8 * tokens.chromaGroups[at]!,
      64 * tokens.hasNewMotion[at]!,
      subs.some((sub) => tokens.referenceIndex[sub] === 2) ? 64 : 0,
      64,
      ...oneOf(16, isIntra ? pack.intraClass[tokens.intraMode[subs[0]!]!]! : -1),
      ...oneOf(3, tokens.blockSize[at]! - 1),
    ];
  };
  return Uint8Array.from(codedBlocks(tokens).flatMap(describe));
}

/** The macroblock that stands `down` and `right` of another; null outside the picture. */
function beside(tokens: FrameTokens, at: number, down: number, right: number): number | null {
  const { rows, columns } = tokens.geometry;
  const [row, column] = [Math.floor(at / columns) + down, (at % columns) + right];
  return row < 0 || column < 0 || row >= rows || column >= columns ? null : row * columns + column;
}

const SIDES = [
  [0, -1],
  [-1, 0],
  [0, 1],
  [1, 0],
] as const;
const CORNERS = [
  [-1, -1],
  [-1, 1],
  [1, -1],
  [1, 1],
] as const;

/** [coded, 8, 6]: what describes the neighbours. */
export function slowAround(tokens: FrameTokens): Uint8Array {
  const describe = (at: number | null): number[] => {
    if (at === null) return [0, 0, 0, 0, 0, 0];
    const type = tokens.type[at]!;
    const flags = [type >= 3, type === 0, tokens.transform[at] === 1].map((flag) => (flag ? 64 : 0));
    return [64 + 32 * tokens.blockSize[at]!, ...flags, 4 * tokens.lumaGroups[at]!, 8 * tokens.chromaGroups[at]!];
  };
  return Uint8Array.from(
    codedBlocks(tokens).flatMap((at) =>
      [...SIDES, ...CORNERS].flatMap(([down, right]) => describe(beside(tokens, at, down, right))),
    ),
  );
}

/** [coded in pass 1, 4, 384]: tokens of left, above, right and below. */
export function slowNeighbours(tokens: FrameTokens): Uint8Array {
  const nothing = Array.from({ length: 384 }, () => 0);
  return Uint8Array.from(
    secondPassBlocks(tokens).flatMap((at) =>
      SIDES.flatMap(([down, right]) => {
        const neighbour = beside(tokens, at, down, right);
        if (neighbour === null) return nothing;
        return [...tokens.coefficients.subarray(384 * neighbour, 384 * (neighbour + 1))].map(code);
      }),
    ),
  );
}

/** Those of the macroblocks with tokens whose row and column add up to an odd number. */
export function secondPassBlocks(tokens: FrameTokens): number[] {
  const { columns } = tokens.geometry;
  return codedBlocks(tokens).filter((at) => (Math.floor(at / columns) + (at % columns)) % 2 === 1);
}

/** What a slot remembers, [macroblock][384]. */
export type SlowMemory = readonly (readonly number[])[];

/** What the reference remembers of each macroblock. */
export function slowReferenceMemory(tokens: FrameTokens, slots: readonly (SlowMemory | null)[]): SlowMemory {
  const { rows, columns } = tokens.geometry;
  return Array.from({ length: rows * columns }, (_, at) => {
    const nothing = Array.from({ length: 384 }, () => 0);
    if (tokens.type[at]! >= 3) return nothing;
    const [row, column] = [Math.floor(at / columns), at % columns];
    const sub = 4 * row * columns + 2 * column;
    const slot = tokens.referenceIndex[sub] === 1 ? 1 : 0;
    // The luma sample at the centre of the block, moved: to which macroblock it belongs.
    const x = 16 * column + 8 + tokens.motion[4 * sub + 2 * slot]! / 4;
    const y = 16 * row + 8 + tokens.motion[4 * sub + 2 * slot + 1]! / 4;
    const from = clip(Math.floor(y / 16), 0, rows - 1) * columns + clip(Math.floor(x / 16), 0, columns - 1);
    return slots[slot]![from]!;
  });
}

/** What the slot that a frame fills remembers. */
export function slowNextMemory(tokens: FrameTokens, before: SlowMemory): SlowMemory {
  const coded = new Set(codedBlocks(tokens));
  return before.map((remembered, at) =>
    remembered.map((r, i) =>
      coded.has(at)
        ? Math.max(code(tokens.coefficients[384 * at + i]!), Math.floor((3 * r) / 4))
        : Math.floor((7 * r) / 8),
    ),
  );
}

/** Side input of the filters, [7, 2 rows, 2 columns]. */
export function slowSide(header: FrameHeader, tokens: FrameTokens): Uint8Array {
  const { rows, columns } = tokens.geometry;
  const at = (row: number, column: number): number => (row >> 1) * columns + (column >> 1);
  return draw(2 * rows, 2 * columns, [
    (row, column) => slowQ(header, tokens, row >> 1, column >> 1),
    (row, column) => (tokens.type[at(row, column)]! >= 3 ? 64 : 0),
    (row, column) => 64 * tokens.transform[at(row, column)]!,
    (row, column) => 4 * tokens.lumaGroups[at(row, column)]!,
    (row, column) => (tokens.type[at(row, column)] === 0 ? 64 : 0),
    () => (header.kind === 'key' ? 64 : 0),
    (row, column) => [0, 64, 128][tokens.blockSize[at(row, column)]!]!,
  ]);
}
