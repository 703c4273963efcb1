import { beforeAll, describe, expect, test } from '@jest/globals';
import { fitsPicture, isCodedBefore, isFirstOfBlock, visitBlocks } from '../../../src/codec/transform/block-order.js';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import { BLOCK_16, BLOCK_32, BLOCK_64, FrameTokens, Geometry } from '../../../src/codec/transform/frame-tokens.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { seededRandom } from '../../entropy/random.js';
import { randomTokens } from './random-tokens.js';
import { codingNumbers, isFirstMacroblock } from './slow-order.js';
import { geometries, tinyTables } from '../tiny.js';

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

const key: FrameHeader = {
  ...{ kind: 'key', q: 30, referenceSlot0: null, referenceSlot1: null, refreshSlot: 0, variant: 0 },
  ...{ hasQOffsets: false, hasLoopFilter: false, pts: 0n },
};

const sizes = [...geometries, new Geometry(150, 134)].map((geometry) => [geometry.width, geometry.height] as const);

test.each(sizes)('isCodedBefore follows the coding order, %dx%d', (width, height) => {
  const geometry = new Geometry(width, height);
  const numbers = codingNumbers(geometry);
  const places = numbers.flatMap((row, y) => row.map((number, x) => ({ y, x, number })));
  expect(places.map(({ number }) => number).sort((a, b) => a - b)).toEqual([...places.keys()]);
  for (const a of places) {
    // Every other one for some, so that the largest picture does not take long.
    for (const b of places.filter((_, index) => places.length < 100 || index % 7 === 0)) {
      if (isCodedBefore(a.y, a.x, b.y, b.x) !== a.number < b.number) {
        throw new Error(`(${a.y}, ${a.x}) and (${b.y}, ${b.x}) are in another order`);
      }
    }
  }
});

test('by hand', () => {
  // Within a macroblock, between macroblocks, blocks and regions.
  expect(isCodedBefore(0, 1, 1, 0)).toBe(true);
  expect(isCodedBefore(1, 1, 0, 2)).toBe(true);
  expect(isCodedBefore(0, 4, 3, 3)).toBe(false);
  expect(isCodedBefore(3, 7, 4, 0)).toBe(true);
  expect(isCodedBefore(0, 8, 7, 7)).toBe(false);
  expect(isCodedBefore(7, 8, 8, 0)).toBe(true);
  expect(isCodedBefore(5, 5, 5, 5)).toBe(false);
});

describe('visitBlocks', () => {
  test.each(sizes)('visits each macroblock once, blocks in coding order, %dx%d', (width, height) => {
    const geometry = new Geometry(width, height);
    const numbers = codingNumbers(geometry);
    const { rows, columns } = geometry;
    for (let seed = 0; seed < 10; seed++) {
      const tokens = randomTokens(geometry, tables, key, seededRandom(seed));
      const visits = new Uint8Array(rows * columns);
      let last = -1;
      visitBlocks(tokens, (row, column, size) => {
        expect(fitsPicture(geometry, row, column, size)).toBe(true);
        expect(isFirstOfBlock(tokens, row, column)).toBe(true);
        expect(numbers[2 * row]![2 * column]).toBeGreaterThan(last);
        last = numbers[2 * row]![2 * column]!;
        for (let y = row; y < row + 2 ** size; y++) {
          for (let x = column; x < column + 2 ** size; x++) {
            expect(tokens.blockSize[y * columns + x]).toBe(size);
            visits[y * columns + x]!++;
          }
        }
      });
      expect(visits.every((count) => count === 1)).toBe(true);
      for (let at = 0; at < rows * columns; at++) {
        const isFirst = isFirstOfBlock(tokens, Math.floor(at / columns), at % columns);
        expect(isFirst).toBe(isFirstMacroblock(tokens, at));
      }
    }
  });

  test('a quadtree by hand', () => {
    // Two regions; the second one is 32 samples wide.
    const tokens = new FrameTokens(new Geometry(96, 64));
    const { blockSize, geometry } = tokens;
    const fill = (row: number, column: number, size: number): void => {
      for (let y = row; y < row + 2 ** size; y++) {
        blockSize.fill(size, y * geometry.columns + column, y * geometry.columns + column + 2 ** size);
      }
    };
    fill(0, 0, BLOCK_32);
    fill(2, 2, BLOCK_32);
    fill(2, 4, BLOCK_32);
    const visited: string[] = [];
    visitBlocks(tokens, (row, column, size) => visited.push(`${row},${column}:${size}`));
    expect(visited.join(' ')).toBe(
      '0,0:1 0,2:0 0,3:0 1,2:0 1,3:0 2,0:0 2,1:0 3,0:0 3,1:0 2,2:1 0,4:0 0,5:0 1,4:0 1,5:0 2,4:1',
    );
    fill(0, 0, BLOCK_64);
    visited.length = 0;
    visitBlocks(tokens, (row, column, size) => visited.push(`${row},${column}:${size}`));
    expect(visited[0]).toBe('0,0:2');
    expect(visited).toHaveLength(6);
  });
});

test('a block fits if all of it is in the coded picture', () => {
  const geometry = new Geometry(90, 70);
  expect([geometry.rows, geometry.columns]).toEqual([5, 6]);
  expect(fitsPicture(geometry, 0, 0, BLOCK_64)).toBe(true);
  expect(fitsPicture(geometry, 0, 4, BLOCK_64)).toBe(false);
  expect(fitsPicture(geometry, 0, 4, BLOCK_32)).toBe(true);
  expect(fitsPicture(geometry, 4, 0, BLOCK_32)).toBe(false);
  expect(fitsPicture(geometry, 4, 5, BLOCK_16)).toBe(true);
});
