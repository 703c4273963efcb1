import { beforeAll, describe, expect, test } from '@jest/globals';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import {
  BLOCK_16,
  BLOCK_32,
  BLOCK_64,
  Geometry,
  INTER16,
  INTER8,
  INTRA16,
  INTRA8,
  SKIP,
  type FrameTokens,
} from '../../../src/codec/transform/frame-tokens.js';
import { TemporalMotion } from '../../../src/codec/transform/temporal-motion.js';
import { InputError } from '../../../src/errors.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { TokenAssembler } from '../../../src/codec/transform/token-assembler.js';
import { pickArrays, transformLayout } from '../../../src/codec/transform/token-arrays.js';
import type { NamedArrays } from '../../../src/codec/token-arrays.js';
import { geometries, randomHeads, richTables, tinyTables } from '../tiny.js';
import { randomTokens } from './random-tokens.js';
import { seededRandom } from '../../entropy/random.js';

let tables: PackTables;
beforeAll(async () => {
  tables = await tinyTables();
});

test('any valid tokens are assembled, with all that follows from them, and stay as they are', () => {
  for (const geometry of geometries) {
    for (const pack of [tables, richTables(tables)]) {
      const random = seededRandom(geometry.width);
      const layout = transformLayout(geometry);
      const assembler = new TokenAssembler(geometry, layout, pack);
      const temporal = new TemporalMotion();
      for (const header of randomHeads(12, random, [0, 7])) {
        const tokens = randomTokens(geometry, pack, header, random, temporal);
        const arrays = pickArrays(layout, tokens.arrays());
        const before = structuredClone(arrays);
        expect(assembler.assemble(header, arrays).arrays()).toEqual(tokens.arrays());
        expect(arrays).toEqual(before);
      }
    }
  }
});

describe('refused', () => {
  const geometry = new Geometry(130, 70);
  const layout = transformLayout(geometry);
  const key: FrameHeader = {
    ...{ kind: 'key', q: 30, referenceSlot0: null, referenceSlot1: null, refreshSlot: 0, variant: 0 },
    ...{ hasQOffsets: false, hasLoopFilter: false, pts: 0n },
  };
  const inter: FrameHeader = { ...key, kind: 'inter', referenceSlot0: 0, pts: 1n };

  /** Assembles a key frame and an inter frame of which `change` changes something. */
  function assemble(change: (arrays: Record<string, Int16Array>, tokens: FrameTokens) => void, header = inter): void {
    const random = seededRandom(4);
    const temporal = new TemporalMotion();
    const assembler = new TokenAssembler(geometry, layout, tables);
    const first = randomTokens(geometry, tables, key, random, temporal);
    assembler.assemble(key, pickArrays(layout, first.arrays()));
    const second = randomTokens(geometry, tables, inter, random, temporal);
    const arrays: NamedArrays = pickArrays(layout, second.arrays());
    change(arrays as unknown as Record<string, Int16Array>, second);
    assembler.assemble(header, arrays);
  }

  /** Position of the first macroblock of this type. */
  const blockOf = (tokens: FrameTokens, type: number): number => tokens.type.indexOf(type);
  /** Its first sub-block. */
  function subBlockOf(tokens: FrameTokens, type: number): number {
    const at = blockOf(tokens, type);
    return 4 * (at - (at % geometry.columns)) + 2 * (at % geometry.columns);
  }

  test('nothing, as a check of the other tests', () => {
    expect(() => assemble(() => undefined)).not.toThrow();
  });

  test.each([
    ['blockSize', 3, 'blockSize[0, 3] is 3; it must be 0..2'],
    ['type', 5, 'type[0, 3] is 5; it must be 0..4'],
    ['transform', 2, 'transform[0, 3] is 2; it must be 0..1'],
    ['chromaFromLuma', 2, 'chromaFromLuma[0, 3] is 2; it must be 0..1'],
    ['lumaGroups', 17, 'lumaGroups[0, 3] is 17; it must be 0..16'],
    ['chromaGroups', 9, 'chromaGroups[0, 3] is 9; it must be 0..8'],
    ['referenceIndex', 3, 'referenceIndex[0, 3] is 3; it must be -1..2'],
    ['motion', 8192, 'motion[0, 0, 3] is 8192; it must be -8192..8191'],
    ['qOffset', -9, 'qOffset[1, 0] is -9; it must be -8..8'],
    ['filtered', 2, 'filtered[1, 0] is 2; it must be 0..1'],
    ['coefficients', -16384, 'coefficients[0, 0, 3] is -16384; it must be -16383..16383'],
  ])('%s out of its range', (name, value, message) => {
    expect(() => assemble((arrays) => (arrays[name]![3] = value))).toThrow(new InputError(message));
  });

  test('values that do not fit to the others', () => {
    const misfit = (name: string): RegExp => new RegExp(`^${name}\\[.*contradicts the frame's other tokens`);
    expect(() => assemble(({ qOffset }) => (qOffset![0] = 1))).toThrow(misfit('qOffset'));
    expect(() => assemble(({ filtered }) => (filtered![0] = 1))).toThrow(misfit('filtered'));
    const skipped = (name: string, value: number) => (): void =>
      assemble((arrays, tokens) => (arrays[name]![blockOf(tokens, SKIP)] = value));
    expect(skipped('lumaGroups', 1)).toThrow(misfit('lumaGroups'));
    expect(skipped('transform', 1)).toThrow(misfit('transform'));
    expect(skipped('chromaFromLuma', 1)).toThrow(misfit('chromaFromLuma'));
    const motionOf = (type: number, value: number) => (): void =>
      assemble(({ motion }, tokens) => (motion![4 * subBlockOf(tokens, type)] = value));
    expect(motionOf(SKIP, 5000)).toThrow(misfit('motion'));
    // The other three sub-blocks move otherwise.
    expect(motionOf(INTER16, 5000)).toThrow(misfit('motion'));
    expect(motionOf(INTRA16, 1)).toThrow(misfit('motion'));
    expect(() => assemble(({ referenceIndex }, tokens) => (referenceIndex![subBlockOf(tokens, INTER16)] = 1))).toThrow(
      misfit('referenceIndex'),
    );
    expect(() => assemble(({ transform }, tokens) => (transform![blockOf(tokens, INTRA8)] = 0))).toThrow(
      misfit('transform'),
    );
    expect(() => assemble(() => undefined, { ...key, pts: 1n })).toThrow(misfit('type'));
  });

  /** The first macroblock of a large block of this size. */
  function largeBlock(tokens: FrameTokens, size: number): number {
    const at = tokens.blockSize.indexOf(size);
    expect(at).toBeGreaterThanOrEqual(0);
    return at;
  }

  test('sizes that do not make blocks', () => {
    const misfit = /^blockSize\[.*contradicts the frame's other tokens/;
    const columns = 9;
    // Another size in the middle of a block.
    for (const size of [BLOCK_32, BLOCK_64]) {
      for (const step of [1, columns, columns + 1]) {
        const change = (arrays: Record<string, Int16Array>, tokens: FrameTokens): void => {
          arrays['blockSize']![largeBlock(tokens, size) + step] = BLOCK_16;
        };
        expect(() => assemble(change)).toThrow(misfit);
      }
    }
    // A block that would be partly outside the picture, and one that begins between the places of its size.
    expect(() => assemble(({ blockSize }) => (blockSize![8] = BLOCK_32))).toThrow(misfit);
    expect(() => assemble(({ blockSize }) => (blockSize![4 * columns] = BLOCK_32))).toThrow(misfit);
    expect(() =>
      assemble(({ blockSize }, tokens) => {
        const at = tokens.blockSize.findIndex((size, index) => size === BLOCK_16 && index % 2 === 1);
        blockSize![at] = BLOCK_32;
      }),
    ).toThrow(misfit);
  });

  test('modes that differ within a large block, or that large blocks do not have', () => {
    const change =
      (name: string, value: number, step: number) =>
      (arrays: Record<string, Int16Array>, tokens: FrameTokens): void => {
        arrays[name]![largeBlock(tokens, BLOCK_64) + step] = value;
      };
    const given = (name: string, step: number): number => {
      let value = NaN;
      assemble((arrays, tokens) => (value = arrays[name]![largeBlock(tokens, BLOCK_64) + step]!));
      return value;
    };
    for (const name of ['type', 'lumaGroups', 'chromaGroups', 'chromaFromLuma']) {
      const value = given(name, 1);
      expect(() => assemble(change(name, value === 0 ? 1 : 0, 1))).toThrow(new RegExp(`^${name}\\[.*contradicts`));
    }
    expect(() => assemble(change('transform', 1, 0))).toThrow(/^transform\[.*contradicts/);
    expect(() => assemble(change('type', INTRA8, 0))).toThrow(InputError);
    expect(() => assemble(change('type', INTER8, 0))).toThrow(InputError);
  });

  test('coefficients outside the first macroblock of a large block', () => {
    const change = (arrays: Record<string, Int16Array>, tokens: FrameTokens): void => {
      arrays['coefficients']![384 * (largeBlock(tokens, BLOCK_64) + 1)] = 1;
    };
    expect(() => assemble(change)).toThrow(/^coefficients\[.*not in the first macroblock of its block; it must be 0$/);
  });

  test('coefficients that are not coded', () => {
    const change = (arrays: Record<string, Int16Array>, tokens: FrameTokens): void => {
      arrays['coefficients']![384 * blockOf(tokens, SKIP) + 256] = 1;
    };
    expect(() => assemble(change)).toThrow(/^coefficients\[\d+, \d+, 256\] is 1, but lies beyond .*it must be 0$/);
  });

  test('a filter that the pack lacks', () => {
    expect(() => assemble(() => undefined, { ...inter, variant: 3 })).toThrow('variant is 3; the pack has');
  });
});
