import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { MACROBLOCK, SUB_BLOCK } from '../../src/codec/macroblock-grid.js';
import { LUMA_TOKENS, REGION } from '../../src/codec/transform/frame-tokens.js';
import { LARGE_LUMA_FREQUENCIES, LUMA_TAPS } from '../../src/codec/transform/pack-tables.js';
import {
  CONTEXTS,
  NEAR_SIZES,
  NEIGHBOUR_LIMIT,
  NEIGHBOURS,
  NO_NEIGHBOUR,
  PARTS,
  SCALES,
  TOKEN_KINDS,
} from '../../src/codec/transform/token-contexts.js';
import { ESCAPE, MAGNITUDE_LIMIT } from '../../src/entropy/magnitude.js';

test('the kernels are made for the sizes of the codec', () => {
  const text = readFileSync(new URL('../../src/kernels/assembly/sizes.ts', import.meta.url), 'utf8');
  const constants = text.matchAll(/^export const (\w+): i32 = (\d+);/gm);
  const sizes = Object.fromEntries(Array.from(constants, ([, name, value]) => [name!, Number(value)]));
  expect(sizes).toEqual({
    ...{ LARGEST_BLOCK: REGION, LARGE_FREQUENCIES: LARGE_LUMA_FREQUENCIES },
    ...{ MACROBLOCK, SUB_BLOCK, LUMA_TAPS },
    ...{ NEIGHBOURS, NO_NEIGHBOUR, NEIGHBOUR_LIMIT, CONTEXTS },
    ...{ ESCAPE, MAGNITUDE_LIMIT },
    ...{ TOKEN_KINDS, SCALES, TOKENS: LUMA_TOKENS, NEAR_SIZES, PARTS },
  });
});
