import { beforeAll, expect, test } from '@jest/globals';
import { Geometry, type FrameTokens } from '../../../src/codec/transform/frame-tokens.js';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import * as contexts from '../../../src/codec/transform/mode-contexts.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { seededRandom } from '../../entropy/random.js';
import { randomTokens } from './random-tokens.js';
import { tinyTables } from '../tiny.js';

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

/** What FORMAT.md section 8 says of a neighbour; absent ones count as in its brackets. */
interface Neighbour {
  /** Null if it is absent. */
  readonly size: number | null;
  readonly type: number;
  readonly lumaGroups: number;
  readonly chromaGroups: number;
  readonly transform: number;
  readonly chromaFromLuma: number;
}

function neighbour(tokens: FrameTokens, row: number, column: number): Neighbour {
  if (row < 0 || column < 0)
    return { size: null, type: 0, lumaGroups: 0, chromaGroups: 0, transform: 0, chromaFromLuma: 0 };
  const at = row * tokens.geometry.columns + column;
  return {
    size: tokens.blockSize[at]!,
    type: tokens.type[at]!,
    lumaGroups: tokens.lumaGroups[at]!,
    chromaGroups: tokens.chromaGroups[at]!,
    transform: tokens.transform[at]!,
    chromaFromLuma: tokens.chromaFromLuma[at]!,
  };
}

/** The intra mode that touches, plus 1; 0 if there is none. */
function touching(tokens: FrameTokens, y: number, x: number): number {
  if (y < 0 || x < 0) return 0;
  const isIntra = neighbour(tokens, y >> 1, x >> 1).type >= 3;
  return isIntra ? 1 + tokens.intraMode[y * 2 * tokens.geometry.columns + x]! : 0;
}

/** Size and type of each `k`. */
const KINDS = [
  [0, 1],
  [0, 2],
  [0, 3],
  [0, 4],
  [1, 1],
  [2, 1],
  [1, 3],
  [2, 3],
] as const;

test.each(['inter', 'key'] as const)('contexts are those of FORMAT.md in %s frames', (kind) => {
  const geometry = new Geometry(100, 70);
  const isKey = kind === 'key';
  const header: FrameHeader = {
    kind,
    q: 20,
    referenceSlot0: isKey ? null : 0,
    referenceSlot1: null,
    refreshSlot: 0,
    variant: 0,
    hasQOffsets: false,
    hasLoopFilter: false,
    pts: 0n,
  };
  for (let seed = 1; seed <= 20; seed++) {
    const tokens = randomTokens(geometry, tables, header, seededRandom(seed));
    expect(new Set(tokens.blockSize).size).toBeGreaterThan(1);
    for (let row = 0; row < geometry.rows; row++) {
      for (let column = 0; column < geometry.columns; column++) {
        const both = [neighbour(tokens, row, column - 1), neighbour(tokens, row - 1, column)];
        const c = both.map(({ type }) => [0, 1, 1, 2, 2][type]!);
        expect(contexts.typeContext(tokens, row, column)).toBe(3 * c[0]! + c[1]!);
        const place = [tokens, row, column] as const;
        expect(contexts.typeKeyContext(...place)).toBe(both.filter(({ type }) => type === 4).length);
        const a = both[0]!.lumaGroups + both[1]!.lumaGroups;
        const h = a === 0 ? 0 : 1 + [5, 9, 13, 21].filter((limit) => a >= limit).length;
        const small = both.filter(({ transform, lumaGroups }) => transform === 1 && lumaGroups > 0).length;
        const chroma = Math.floor((both[0]!.chromaGroups + both[1]!.chromaGroups + 1) / 2);
        for (const z of [1, 2]) {
          const n = both.filter(({ size }) => size !== null && size < z).length;
          expect(contexts.splitContext(...place, z, isKey)).toBe((isKey ? 6 : 0) + 3 * (z - 1) + n);
          expect(contexts.typeLargeContext(...place, z)).toBe(9 * (z - 1) + 3 * c[0]! + c[1]!);
        }
        const fromLuma = both.filter(({ chromaFromLuma }) => chromaFromLuma === 1).length;
        for (const z of [0, 1, 2]) expect(contexts.chromaFromLumaContext(...place, z)).toBe(3 * z + fromLuma);
        KINDS.forEach(([z, type], k) => {
          expect(contexts.lumaGroupsContext(...place, z, type)).toBe(6 * k + h);
          if (k < 3) expect(contexts.transformContext(...place, type)).toBe(3 * k + small);
          for (const hasLuma of [false, true]) {
            const expected = 8 * k + (hasLuma ? 4 : 0) + Math.min(3, chroma);
            expect(contexts.chromaGroupsContext(...place, z, type, hasLuma)).toBe(expected);
          }
        });
        for (let sub = 0; sub < 4; sub++) {
          const [y, x] = [2 * row + (sub >> 1), 2 * column + (sub & 1)];
          const expected = 5 * touching(tokens, y, x - 1) + touching(tokens, y - 1, x);
          expect(contexts.intraModeContext(tokens, y, x, 4)).toBe(expected);
        }
      }
    }
  }
});
