import { beforeAll, describe, expect, test } from '@jest/globals';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import { AVERAGE, FrameTokens, Geometry } from '../../../src/codec/transform/frame-tokens.js';
import { setMotion } from '../../../src/codec/transform/motion.js';
import { TemporalMotion } from '../../../src/codec/transform/temporal-motion.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { seededRandom } from '../../entropy/random.js';
import { randomTokens } from './random-tokens.js';
import { partitionSizes } from './slow-order.js';
import { geometries, randomHeads, tinyTables } from '../tiny.js';

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

/** What a slot keeps: time stamps of its frame and of what its frame referred to, and the frame's tokens. */
interface SlowSlot {
  readonly pts: bigint;
  readonly references: readonly (bigint | null)[];
  readonly tokens: FrameTokens;
}

/** FORMAT.md section 8, "Temporal motion"; times of these tests are exact as floating-point numbers. */
function slowMotion(
  header: FrameHeader,
  slots: ReadonlyMap<number, SlowSlot>,
  y: number,
  x: number,
  size: number,
): number[] | null {
  if (header.referenceSlot0 === null) return null;
  const held = [header.referenceSlot0, ...(header.referenceSlot1 === null ? [] : [header.referenceSlot1])].map((at) =>
    slots.get(at)!,
  );
  const { pts, references, tokens } = held.at(-1)!;
  const [sampleY, sampleX] = [8 * y + 4 * size, 8 * x + 4 * size];
  const at = Math.floor(sampleY / 8) * 2 * tokens.geometry.columns + Math.floor(sampleX / 8);
  const reference = tokens.referenceIndex[at]!;
  if (reference < 0) return null;
  const used = reference === 1 ? 1 : 0;
  const end = references[used] ?? null;
  if (end === null || end === pts) return null;
  const vectors = held.flatMap((slot) => {
    const exact = (256 * Number(header.pts - slot.pts)) / Number(pts - end);
    const k = Math.max(-1024, Math.min(1023, Math.floor(exact + 0.5)));
    return [0, 1].map((component) => {
      const value = Math.floor((k * tokens.motion[4 * at + 2 * used + component]! + 128) / 256);
      return Math.max(-8192, Math.min(8191, value));
    });
  });
  return held.length === 2 ? [AVERAGE, ...vectors] : [0, ...vectors, 0, 0];
}

test.each(geometries.map((geometry) => [geometry.width, geometry.height, geometry] as const))(
  'motions are those of FORMAT.md, %dx%d',
  (_width, _height, geometry) => {
    const random = seededRandom(geometry.width);
    const temporal = new TemporalMotion();
    let slots = new Map<number, SlowSlot>();
    let found = 0;
    for (const header of randomHeads(40, random, [0, 25])) {
      if (header.kind === 'key') slots = new Map();
      temporal.beginFrame(header);
      const results: (number[] | null)[] = [];
      const expected: (number[] | null)[] = [];
      for (let y = 0; y < 2 * geometry.rows; y++) {
        for (let x = 0; x < 2 * geometry.columns; x++) {
          for (const size of partitionSizes(geometry, y, x)) {
            results.push(temporal.find(y, x, size) ? [...temporal.fields] : null);
            expected.push(slowMotion(header, slots, y, x, size));
          }
        }
      }
      expect(results).toEqual(expected);
      found += expected.filter((motion) => motion !== null).length;
      const tokens = randomTokens(geometry, tables, header, random);
      temporal.endFrame(header, tokens);
      const references = [header.referenceSlot0, header.referenceSlot1].map((at) =>
        at === null ? null : slots.get(at)!.pts,
      );
      if (header.refreshSlot !== null) slots.set(header.refreshSlot, { pts: header.pts, references, tokens });
    }
    expect(found).toBeGreaterThan(0);
  },
);

describe('by hand', () => {
  const geometry = new Geometry(16, 16);
  const key: FrameHeader = {
    kind: 'key',
    q: 30,
    referenceSlot0: null,
    referenceSlot1: null,
    refreshSlot: 0,
    variant: 0,
    hasQOffsets: false,
    hasLoopFilter: false,
    pts: 0n,
  };
  const inter = (
    pts: bigint,
    referenceSlot0: number,
    referenceSlot1: number | null,
    refreshSlot: number | null,
  ): FrameHeader => ({
    ...key,
    kind: 'inter',
    pts,
    referenceSlot0,
    referenceSlot1,
    refreshSlot,
  });
  const moved = (...fields: readonly number[]): FrameTokens => {
    const tokens = new FrameTokens(geometry);
    setMotion(tokens, 0, 0, 2, fields, 0);
    return tokens;
  };
  const add = (temporal: TemporalMotion, header: FrameHeader, tokens: FrameTokens): void => {
    temporal.beginFrame(header);
    temporal.endFrame(header, tokens);
  };
  const found = (temporal: TemporalMotion, header: FrameHeader): number[] | null => {
    temporal.beginFrame(header);
    return temporal.find(0, 0, 2) ? [...temporal.fields] : null;
  };
  /** A key frame in slot 0 and a frame at `pts` in slot 1 that moved by (8, -12) from it. */
  const pyramid = (pts: bigint, start = 0n): TemporalMotion => {
    const temporal = new TemporalMotion();
    add(temporal, { ...key, pts: start }, new FrameTokens(geometry));
    add(temporal, inter(pts, 0, null, 1), moved(0, 8, -12, 0, 0));
    return temporal;
  };

  test('half way between two frames, half of the motion from each side', () => {
    expect(found(pyramid(8n), inter(4n, 0, 1, null))).toEqual([AVERAGE, 4, -6, -4, 6]);
    expect(found(pyramid(8n), inter(2n, 0, 1, null))).toEqual([AVERAGE, 2, -3, -6, 9]);
  });

  test('behind both, the motion goes on', () => {
    expect(found(pyramid(8n), inter(16n, 1, null, null))).toEqual([0, 8, -12, 0, 0]);
    expect(found(pyramid(8n), inter(12n, 1, null, null))).toEqual([0, 4, -6, 0, 0]);
  });

  test('the last reference is the collocated one; a key frame has no motion', () => {
    expect(found(pyramid(8n), inter(4n, 1, 0, null))).toBeNull();
    expect(found(pyramid(8n), inter(4n, 0, null, null))).toBeNull();
  });

  test('a frame that refers to its own time has none to stretch', () => {
    expect(found(pyramid(0n), inter(4n, 0, 1, null))).toBeNull();
  });

  test('scales and vectors stay within their limits', () => {
    expect(found(pyramid(1n), inter(100n, 1, null, null))).toEqual([0, 32, -48, 0, 0]);
    expect(found(pyramid(-1n), inter(100n, 1, null, null))).toEqual([0, -32, 48, 0, 0]);
    const temporal = pyramid(1n);
    add(temporal, inter(2n, 1, null, 0), moved(0, 8191, -8192, 0, 0));
    expect(found(temporal, inter(4n, 0, null, null))).toEqual([0, 8191, -8192, 0, 0]);
  });

  test('the largest distances are exact', () => {
    const limit = 2n ** 62n;
    expect(found(pyramid(limit - 1n, -limit), inter(-1n, 0, 1, null))).toEqual([AVERAGE, 4, -6, -4, 6]);
    // 256 / 512 is a half, which rounds up, and a hair less does not.
    const temporal = new TemporalMotion();
    add(temporal, key, new FrameTokens(geometry));
    add(temporal, inter(512n * limit, 0, null, 1), moved(0, 128, -128, 0, 0));
    expect(found(temporal, inter(513n * limit, 1, null, null))).toEqual([0, 1, 0, 0, 0]);
    expect(found(temporal, inter(513n * limit - 1n, 1, null, null))).toEqual([0, 0, 0, 0, 0]);
  });

  test('the vector is that of reference 0, or of reference 1 where it is the only one', () => {
    for (const [reference, expected] of [
      [1, [0, -20, 40, 0, 0]],
      [AVERAGE, [0, 3, 5, 0, 0]],
    ] as const) {
      const temporal = pyramid(8n);
      add(temporal, inter(4n, 0, 1, 2), moved(reference, 3, 5, 20, -40));
      expect(found(temporal, inter(8n, 2, null, null))).toEqual(expected);
    }
  });

  test('a key frame empties all slots, and an empty slot has no motion', () => {
    const temporal = pyramid(8n);
    add(temporal, { ...key, refreshSlot: 2 }, new FrameTokens(geometry));
    expect(found(temporal, inter(4n, 0, 1, null))).toBeNull();
  });
});
