import { beforeAll, describe, expect, test } from '@jest/globals';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import {
  FrameTokens,
  Geometry,
  INTRA16,
  NO_REFERENCE,
  Q_OFFSET_LIMIT,
} from '../../../src/codec/transform/frame-tokens.js';
import { ModeSyntax } from '../../../src/codec/transform/mode-syntax.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { ProbabilityTables } from '../../../src/codec/transform/probability-tables.js';
import { hasResidual, predictQOffset, qOffsetContext } from '../../../src/codec/transform/region-quality.js';
import type { AdaptiveTables } from '../../../src/entropy/adaptive-tables.js';
import type { SymbolCoder } from '../../../src/entropy/symbol-coder.js';
import { tinyTables } from '../tiny.js';

// 3 x 2 regions; those on the right and below are cut.
const geometry = new Geometry(150, 100);
const header: FrameHeader = {
  kind: 'key',
  q: 30,
  referenceSlot0: null,
  referenceSlot1: null,
  refreshSlot: 0,
  variant: 0,
  hasQOffsets: true,
  hasLoopFilter: false,
  pts: 0n,
};

let pack: PackTables;
beforeAll(async () => {
  pack = await tinyTables();
});

/** Tokens of a key frame; each region named has tokens in its last macroblock. */
function frameOf(qOffset: readonly number[], coded: readonly number[]): FrameTokens {
  const tokens = new FrameTokens(geometry);
  tokens.type.fill(INTRA16);
  tokens.referenceIndex.fill(NO_REFERENCE);
  tokens.qOffset.set(qOffset);
  for (const region of coded) {
    const row = Math.min(geometry.rows, 4 * Math.floor(region / 3) + 4) - 1;
    const column = Math.min(geometry.columns, 4 * (region % 3) + 4) - 1;
    tokens.chromaGroups[row * geometry.columns + column] = 1;
  }
  return tokens;
}

/** Codes the modes; returns [context, symbol] of each `qOffset`. */
function code(tokens: FrameTokens): [number, number][] {
  const tables = new ProbabilityTables(pack);
  const found: [number, number][] = [];
  const coder: SymbolCoder = {
    symbol: (table: AdaptiveTables, context: number, value: number) => {
      if (table === tables.modes.qOffset) found.push([context, value]);
      return value;
    },
    bits: (value) => value,
    magnitude: (_table, _context, value) => value,
  };
  new ModeSyntax(tables, pack).code(coder, header, tokens);
  return found;
}

describe('q offset of a region', () => {
  test('is coded as the difference to the mean of left and above, modulo 17', () => {
    const tokens = frameOf([3, 3, -8, 8, 5, -2], [0, 1, 2, 3, 4, 5]);
    // Predictions: 0; 3; 3; 3; (8 + 3 + 1) >> 1; (5 - 8 + 1) >> 1.
    expect(code(tokens)).toEqual([
      [1, 3],
      [1, 0],
      [1, 6],
      [1, 5],
      [2, 16],
      [2, 16],
    ]);
    expect([...tokens.qOffset]).toEqual([3, 3, -8, 8, 5, -2]);
  });

  test('is the predicted one, and not coded, where a region has no tokens', () => {
    const tokens = frameOf([3, 7, 7, 4, 7, 6], [0, 3, 5]);
    expect(code(tokens)).toEqual([
      [1, 3],
      [1, 1],
      [1, 2],
    ]);
    expect([...tokens.qOffset]).toEqual([3, 3, 3, 4, 4, 6]);
  });

  test('has a context of its neighbours, and its region tokens anywhere in it', () => {
    const tokens = frameOf([2, 0, 0, 2, 0, 0], [4]);
    expect([0, 1, 2].map((column) => qOffsetContext(tokens, 0, column))).toEqual([1, 1, 1]);
    expect([0, 1, 2].map((column) => qOffsetContext(tokens, 1, column))).toEqual([1, 1, 0]);
    tokens.qOffset[3] = 3;
    expect(qOffsetContext(tokens, 1, 1)).toBe(2);
    expect([0, 1, 2, 3, 4, 5].map((at) => hasResidual(tokens, Math.floor(at / 3), at % 3))).toEqual(
      [0, 1, 2, 3, 4, 5].map((at) => at === 4),
    );
    tokens.qOffset.fill(-Q_OFFSET_LIMIT);
    expect(predictQOffset(tokens, 1, 1)).toBe(-Q_OFFSET_LIMIT);
  });
});
