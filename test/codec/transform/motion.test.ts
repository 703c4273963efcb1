import { beforeAll, describe, expect, test } from '@jest/globals';
import { FrameTokens, Geometry } from '../../../src/codec/transform/frame-tokens.js';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import { MotionNeighbours, setMotion } from '../../../src/codec/transform/motion.js';
import { TemporalMotion } from '../../../src/codec/transform/temporal-motion.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { motionContext, referenceContext } from '../../../src/codec/transform/mode-contexts.js';
import { pairOf } from '../../../src/entropy/adaptive-tables.js';
import { seededRandom } from '../../entropy/random.js';
import { randomTokens } from './random-tokens.js';
import { codingNumbers, partitionSizes } from './slow-order.js';
import { tinyTables } from '../tiny.js';

const header: FrameHeader = {
  kind: 'inter',
  q: 30,
  referenceSlot0: 0,
  referenceSlot1: 1,
  refreshSlot: null,
  variant: 0,
  hasQOffsets: false,
  hasLoopFilter: false,
  pts: 1n,
};

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

/** Frames in slots 0 and 1, the second of which moves against the first. */
function temporalOf(geometry: Geometry, random: () => number): TemporalMotion {
  const temporal = new TemporalMotion();
  const key: FrameHeader = {
    ...header,
    kind: 'key',
    referenceSlot0: null,
    referenceSlot1: null,
    refreshSlot: 0,
    pts: 0n,
  };
  const next: FrameHeader = { ...header, referenceSlot1: null, refreshSlot: 1, pts: 2n };
  for (const before of [key, next]) randomTokens(geometry, tables, before, random, temporal);
  return temporal;
}

/** [reference, x0, y0, x1, y1]. */
type Motion = readonly number[];

function motionAt(tokens: FrameTokens, y: number, x: number): Motion | null {
  const { rows, columns } = tokens.geometry;
  if (y < 0 || x < 0 || y >= 2 * rows || x >= 2 * columns) return null;
  const at = y * 2 * columns + x;
  const reference = tokens.referenceIndex[at]!;
  return reference < 0 ? null : [reference, ...tokens.motion.subarray(4 * at, 4 * at + 4)];
}

/** FORMAT.md section 8, "Motion": left, above and above right of a partition; null where there is no motion. */
function neighboursOf(
  tokens: FrameTokens,
  numbers: readonly (readonly number[])[],
  y: number,
  x: number,
  size: number,
): (Motion | null)[] {
  const number = numbers[y - 1]?.[x + size] ?? Infinity;
  const right = number > numbers[y]![x]! ? motionAt(tokens, y - 1, x - 1) : motionAt(tokens, y - 1, x + size);
  return [motionAt(tokens, y, x - 1), motionAt(tokens, y - 1, x), right];
}

function candidatesOf([left, above, right]: readonly (Motion | null)[], temporal: Motion | null): Motion[] {
  const list: Motion[] = [];
  for (const motion of [left!, above!, temporal, right!, [0, 0, 0, 0, 0]]) {
    if (motion !== null && list.length < 3 && !list.some((known) => String(known) === String(motion)))
      list.push(motion);
  }
  while (list.length < 3) list.push(list.at(-1)!);
  return list;
}

function predictionOf(
  neighbours: readonly (Motion | null)[],
  slot: number,
  component: number,
  temporal: Motion | null,
): number {
  const values = neighbours.map((motion) =>
    motion !== null && (motion[0] === slot || motion[0] === 2) ? motion[1 + 2 * slot + component]! : null,
  );
  const used = values.filter((value) => value !== null);
  const usesSlot = temporal !== null && (temporal[0] === slot || temporal[0] === 2);
  const absent = usesSlot ? temporal[1 + 2 * slot + component]! : 0;
  return used.length === 1 ? used[0]! : values.map((value) => value ?? absent).sort((a, b) => a - b)[1]!;
}

/** The number of limits that a value reaches. */
const level = (value: number, limits: readonly number[]): number => limits.filter((limit) => value >= limit).length;

const isThere = (y: number, x: number): boolean => y >= 0 && x >= 0;

/** g of "New motion". */
function spreadOf(neighbours: readonly (Motion | null)[], slot: number, component: number): number {
  const users = neighbours.filter((motion) => motion !== null && (motion[0] === slot || motion[0] === 2));
  const values = users.map((motion) => motion![1 + 2 * slot + component]!);
  return values.length === 0 ? 0 : 1 + level(Math.max(...values) - Math.min(...values), [1, 2, 5, 12, 40]);
}

/** d of "Motion". */
function distanceOf(first: Motion, other: Motion): number {
  if (other[0] !== first[0]) return 5;
  const sum = [1, 2, 3, 4].reduce((total, i) => total + Math.abs(other[i]! - first[i]!), 0);
  return level(sum, [1, 3, 9, 33]);
}

/** o of the block of a partition. */
function kindOf({ collocatedModes }: TemporalMotion, geometry: Geometry, y: number, x: number, size: number): number {
  const half = size >> 2;
  const at = ((y >> 1) + half) * geometry.columns + (x >> 1) + half;
  const { type, lumaGroups } = collocatedModes!;
  return 5 * (1 + Math.min(3, type[at]!)) + level(lumaGroups[at]!, [1, 4, 7, 10]);
}

test.each([
  [16, 16],
  [70, 40],
  [150, 134],
])('candidates, predictions and contexts are those of FORMAT.md, %dx%d', (width, height) => {
  const geometry = new Geometry(width, height);
  const numbers = codingNumbers(geometry);
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const temporal = temporalOf(geometry, random);
    const neighbours = new MotionNeighbours(temporal);
    const tokens = randomTokens(geometry, tables, header, random, temporal);
    temporal.beginFrame(header);
    for (let y = 0; y < 2 * geometry.rows; y++) {
      for (let x = 0; x < 2 * geometry.columns; x++) {
        for (const size of partitionSizes(geometry, y, x)) {
          neighbours.gather(tokens, y, x, size);
          const slow = neighboursOf(tokens, numbers, y, x, size);
          const motion = temporal.find(y, x, size) ? [...temporal.fields] : null;
          expect([...neighbours.candidates]).toEqual(candidatesOf(slow, motion).flat());
          for (const [slot, component] of [
            [0, 0],
            [0, 1],
            [1, 0],
            [1, 1],
          ] as const) {
            const predicted = predictionOf(slow, slot, component, motion);
            expect(neighbours.predict(slot, component)).toBe(predicted);
            const part = 2 * level(Math.abs(predicted), [1, 8, 40]) + (motion === null ? 0 : 1);
            const g = spreadOf(slow, slot, component);
            const classes = [0, 1, 2, 3, 4, 5, 15];
            const pairs = classes.map((classOfX) => neighbours.classContext(slot, component, predicted, classOfX));
            const wanted = classes.map((classOfX) => {
              const u = component === 0 ? 0 : 1 + level(classOfX, [1, 3, 5]);
              return pairOf(7 * u + g, 35 + 8 * u + part);
            });
            expect(String(pairs)).toBe(String(wanted));
          }
          const b = Math.log2(size);
          const r = [isThere(y, x - 1), isThere(y - 1, x)].map((there, at) => (there ? 2 + (slow[at]?.[0] ?? -1) : 0));
          const list = candidatesOf(slow, motion);
          const far = 6 * distanceOf(list[0]!, list[1]!) + distanceOf(list[0]!, list[2]!);
          const o = kindOf(temporal, geometry, y, x, size);
          const z = b - 1;
          const wanted = [pairOf(25 * b + 5 * r[0]! + r[1]!, 100 + b), pairOf(36 * b + far, 144 + 25 * b + o)];
          const pairs = [referenceContext(neighbours, size), motionContext(tokens, neighbours, y, x, size, false)];
          if (size > 1) {
            wanted.push(pairOf(36 * z + far, 108 + 25 * z + o));
            pairs.push(motionContext(tokens, neighbours, y, x, size, true));
          }
          expect(String(pairs)).toBe(String(wanted));
        }
      }
    }
  }
});

describe('by hand', () => {
  const geometry = new Geometry(48, 48);
  const prepare = (): FrameTokens => {
    const tokens = new FrameTokens(geometry);
    // Above left, above, above right of the middle macroblock of the lowest row, then its left.
    setMotion(tokens, 2, 0, 2, [0, 90, 90, 0, 0], 0);
    setMotion(tokens, 2, 2, 2, [0, 4, -8, 0, 0], 0);
    setMotion(tokens, 2, 4, 2, [1, 0, 0, 7, 9], 0);
    setMotion(tokens, 4, 0, 2, [2, 12, 3, -5, -6], 0);
    return tokens;
  };

  test('three neighbours, each with another reference', () => {
    const neighbours = new MotionNeighbours(new TemporalMotion());
    neighbours.gather(prepare(), 4, 2, 2);
    expect([...neighbours.candidates]).toEqual([2, 12, 3, -5, -6, 0, 4, -8, 0, 0, 1, 0, 0, 7, 9]);
    // Slot 0: 12, 4 and none, which counts as 0; slot 1: -5, none, 7.
    expect([neighbours.predict(0, 0), neighbours.predict(0, 1)]).toEqual([4, 0]);
    expect([neighbours.predict(1, 0), neighbours.predict(1, 1)]).toEqual([0, 0]);
  });

  test('a single neighbour is taken as it is; equal ones count once; vector zero follows', () => {
    const tokens = prepare();
    const neighbours = new MotionNeighbours(new TemporalMotion());
    neighbours.gather(tokens, 2, 2, 2);
    expect([...neighbours.candidates]).toEqual([0, 90, 90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([neighbours.predict(0, 0), neighbours.predict(1, 0)]).toEqual([90, 0]);
    setMotion(tokens, 4, 0, 2, [0, 4, -8, 0, 0], 0);
    setMotion(tokens, 2, 4, 2, [0, 4, -8, 0, 0], 0);
    neighbours.gather(tokens, 4, 2, 2);
    expect([...neighbours.candidates]).toEqual([0, 4, -8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('at the right edge above left stands in for above right', () => {
    const neighbours = new MotionNeighbours(new TemporalMotion());
    neighbours.gather(prepare(), 4, 4, 2);
    // Nothing on the left; above has reference 1; above left is the middle one.
    expect([...neighbours.candidates]).toEqual([1, 0, 0, 7, 9, 0, 4, -8, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('above left stands in for what comes later in coding order', () => {
    const tokens = prepare();
    setMotion(tokens, 0, 0, 2, [0, 33, 0, 0, 0], 0);
    setMotion(tokens, 0, 4, 2, [0, 55, 0, 0, 0], 0);
    const neighbours = new MotionNeighbours(new TemporalMotion());
    // Above right of the second macroblock of the second row lies in the next block of 32x32.
    neighbours.gather(tokens, 2, 2, 2);
    expect([...neighbours.candidates]).toEqual([0, 90, 90, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0]);
    neighbours.gather(tokens, 2, 4, 2);
    // Nothing is on the right of the picture, and above left has no motion.
    expect([...neighbours.candidates]).toEqual([0, 4, -8, 0, 0, 0, 55, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('a block of 32x32 has neighbours beside its corners', () => {
    const tokens = new FrameTokens(new Geometry(96, 96));
    const stride = 2 * tokens.geometry.columns;
    expect(stride).toBe(12);
    setMotion(tokens, 4, 3, 1, [0, 11, 0, 0, 0], 0);
    setMotion(tokens, 3, 4, 1, [0, 22, 0, 0, 0], 0);
    setMotion(tokens, 3, 8, 1, [0, 33, 0, 0, 0], 0);
    setMotion(tokens, 3, 3, 1, [0, 44, 0, 0, 0], 0);
    const neighbours = new MotionNeighbours(new TemporalMotion());
    // Above right lies in the next region.
    neighbours.gather(tokens, 4, 4, 4);
    expect([0, 1, 2].map((index) => neighbours.candidates[5 * index + 1])).toEqual([11, 22, 44]);
    // Here it is in the region itself, and before.
    setMotion(tokens, 3, 4, 1, [0, 55, 0, 0, 0], 0);
    neighbours.gather(tokens, 4, 0, 4);
    expect([...neighbours.candidates.subarray(0, 5)]).toEqual([0, 55, 0, 0, 0]);
  });

  test('the temporal motion stands behind above, and three candidates are enough', () => {
    const temporal = new TemporalMotion();
    const key: FrameHeader = {
      ...header,
      kind: 'key',
      referenceSlot0: null,
      referenceSlot1: null,
      refreshSlot: 0,
      pts: 0n,
    };
    const next: FrameHeader = { ...header, referenceSlot1: null, refreshSlot: 1, pts: 2n };
    temporal.beginFrame(key);
    temporal.endFrame(key, new FrameTokens(geometry));
    const moved = new FrameTokens(geometry);
    setMotion(moved, 4, 2, 2, [0, 40, 20, 0, 0], 0);
    temporal.beginFrame(next);
    temporal.endFrame(next, moved);
    temporal.beginFrame(header);
    const neighbours = new MotionNeighbours(temporal);
    neighbours.gather(prepare(), 4, 2, 2);
    expect([...neighbours.candidates]).toEqual([2, 12, 3, -5, -6, 0, 4, -8, 0, 0, 2, 20, 10, -20, -10]);
    // Slot 0: 12, 4 and 20 for the one with reference 1; slot 1: -5, -20, 7.
    expect([neighbours.predict(0, 0), neighbours.predict(1, 0)]).toEqual([12, -5]);
    neighbours.gather(new FrameTokens(geometry), 4, 2, 2);
    expect([neighbours.predict(0, 1), neighbours.predict(1, 1)]).toEqual([10, -10]);
    expect([...neighbours.candidates]).toEqual([2, 20, 10, -20, -10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Nothing moved in the collocated frame at the left.
    neighbours.gather(prepare(), 4, 0, 2);
    expect(neighbours.hasTemporal).toBe(false);
  });

  test('setMotion clears the vectors that a reference does not use', () => {
    const tokens = new FrameTokens(geometry);
    setMotion(tokens, 2, 2, 1, [1, 1, 2, 3, 4], 0);
    const at = 2 * 6 + 2;
    expect([...tokens.motion.subarray(4 * at, 4 * at + 4)]).toEqual([0, 0, 3, 4]);
    expect(tokens.referenceIndex[at + 1]).toBe(-1);
  });
});
