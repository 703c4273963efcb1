import { beforeAll, expect, test } from '@jest/globals';
import { Geometry, type FrameTokens } from '../../../src/codec/transform/frame-tokens.js';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import * as contexts from '../../../src/codec/transform/mode-contexts.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { TemporalMotion } from '../../../src/codec/transform/temporal-motion.js';
import { tablesOf } from '../../../src/entropy/adaptive-tables.js';
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

/** Numbers of values that are not above a value. */
const level = (value: number, limits: readonly number[]): number => limits.filter((limit) => value >= limit).length;
const levelOf = (lumaGroups: number): number => level(lumaGroups, [1, 4, 7, 10]);

test.each(['inter', 'key'] as const)('contexts are those of FORMAT.md in %s frames', (kind) => {
  const geometry = new Geometry(100, 70);
  const isKey = kind === 'key';
  const head = (pts: bigint, own: Partial<FrameHeader>): FrameHeader => ({
    kind: 'key',
    q: 20,
    referenceSlot0: null,
    referenceSlot1: null,
    refreshSlot: 0,
    variant: 0,
    hasQOffsets: false,
    hasLoopFilter: false,
    pts,
    ...own,
  });
  const sizes = new Set<number>();
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const temporal = new TemporalMotion();
    const earlier = [
      randomTokens(geometry, tables, head(0n, {}), random, temporal),
      randomTokens(geometry, tables, head(2n, { kind: 'inter', referenceSlot0: 0, refreshSlot: 1 }), random, temporal),
    ];
    const header = isKey ? head(1n, {}) : head(1n, { kind, referenceSlot0: 0, referenceSlot1: 1, refreshSlot: null });
    const tokens = randomTokens(geometry, tables, header, random, temporal);
    temporal.beginFrame(header);
    for (const size of tokens.blockSize) sizes.add(size);
    for (let row = 0; row < geometry.rows; row++) {
      for (let column = 0; column < geometry.columns; column++) {
        const both = [neighbour(tokens, row, column - 1), neighbour(tokens, row - 1, column)];
        const [left, above] = both as [Neighbour, Neighbour];
        const c = both.map(({ type }) => [0, 1, 1, 2, 2][type]!);
        const place = [tokens, temporal, row, column] as const;
        /** The two collocated macroblocks of a block of size `z`, the one that counts first. */
        const collocated = (z: number): Neighbour[] => {
          const half = (1 << z) >> 1;
          return isKey ? [] : [1, 0].map((frame) => neighbour(earlier[frame]!, row + half, column + half));
        };
        const o = (z: number): number =>
          isKey ? 0 : 5 * (1 + Math.min(3, collocated(z)[0]!.type)) + levelOf(collocated(z)[0]!.lumaGroups);
        const s = (z: number): number => (isKey ? 0 : 1 + collocated(z).filter(({ size }) => size! < z).length);
        const typeOf = ({ size, type }: Neighbour): number => (size === null ? -1 : type);
        const t = 3 * c[0]! + c[1]!;
        if (isKey) {
          const l = both.map(({ size, lumaGroups }) => (size === null ? 0 : 1 + levelOf(lumaGroups)));
          const types = both.map((one) => Math.max(2, typeOf(one)) - 2);
          const pair = [3 * types[0]! + types[1]!, 9 + 6 * l[0]! + l[1]!];
          expect(tablesOf(contexts.typeKeyContext(tokens, row, column))).toEqual(pair);
        } else {
          const first = 6 * (typeOf(left) + 1) + typeOf(above) + 1;
          expect(tablesOf(contexts.typeContext(...place))).toEqual([first, 36 + 25 * t + o(0)]);
        }
        const a = left.lumaGroups + above.lumaGroups;
        const h = level(a, [1, 5, 9, 13, 21]);
        const isSmall = ({ transform, lumaGroups }: Neighbour): boolean => transform === 1 && lumaGroups > 0;
        const chroma = left.chromaGroups + above.chromaGroups;
        const fits = (z: number): boolean => row + (1 << z) <= geometry.rows && column + (1 << z) <= geometry.columns;
        for (const z of [1, 2].filter(fits)) {
          const n = both.filter(({ size }) => size !== null && size < z).length;
          const k = z - 1 + (isKey ? 2 : 0);
          const first = 16 * (4 * k + (left.size ?? 3)) + 4 * (above.size ?? 3) + s(z);
          const pair = [first, 256 + 25 * (3 * k + n) + o(z)];
          expect(tablesOf(contexts.splitContext(...place, z, isKey))).toEqual(pair);
          const large = 9 * (z - 1) + t;
          expect(tablesOf(contexts.typeLargeContext(...place, z))).toEqual([4 * large + s(z), 72 + 25 * large + o(z)]);
        }
        const fromLuma = both.filter(({ chromaFromLuma }) => chromaFromLuma === 1).length;
        for (const z of [0, 1, 2])
          expect(contexts.chromaFromLumaContext(tokens, row, column, z)).toBe(3 * z + fromLuma);
        KINDS.forEach(([z, type], k) => {
          if (!fits(z)) return;
          const then = collocated(z)[0];
          const groups = 48 + 18 * k + (then === undefined ? 0 : then.lumaGroups + 1);
          expect(tablesOf(contexts.lumaGroupsContext(...place, z, type))).toEqual([6 * k + h, groups]);
          if (k < 3) {
            const small = 2 * (3 * k + both.filter(isSmall).length) + (then !== undefined && isSmall(then) ? 1 : 0);
            expect(tablesOf(contexts.transformContext(...place, type))).toEqual([small, 18 + 6 * k + h]);
          }
          for (const lumaGroups of [0, 4, 5, 16]) {
            const first = 16 * k + 4 * level(lumaGroups, [1, 5, 9]) + Math.min(3, Math.floor((chroma + 1) / 2));
            const w = level(chroma + (then?.chromaGroups ?? 0), [1, 2, 4, 6, 9]);
            const pair = [first, 128 + 12 * k + (lumaGroups > 0 ? 6 : 0) + w];
            expect(tablesOf(contexts.chromaGroupsContext(...place, z, type, lumaGroups))).toEqual(pair);
          }
        });
        for (let sub = 0; sub < 4; sub++) {
          const [y, x] = [2 * row + (sub >> 1), 2 * column + (sub & 1)];
          const [l, u] = [touching(tokens, y, x - 1), touching(tokens, y - 1, x)];
          expect(tablesOf(contexts.intraMode8Context(tokens, y, x, 4))).toEqual([5 * l + u, 25 + l]);
          expect(tablesOf(contexts.intraMode16Context(tokens, y, x, 4))).toEqual([l, 5 + u]);
        }
      }
    }
  }
  expect(sizes).toEqual(new Set([0, 1, 2]));
});
