import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { integer, SharedPlane, texture, TEXTURES } from './arena.js';
import { seededRandom } from '../entropy/random.js';
import * as twin from './twins/compensation.js';

const kernels = new Kernels();
const source = new SharedPlane(kernels, 96, 96);
const other = new SharedPlane(kernels, 96, 96);
const target = new SharedPlane(kernels, 80, 80);
const tapsAt = kernels.allocate(8 * 8 * 2);
const kind = fc.constantFrom(...TEXTURES);

/** Rows of taps that sum to 64, of magnitudes that sum to at most 192; the first leaves samples as they are. */
function makeTaps(phases: number, count: number, seed: number): number[][] {
  const random = seededRandom(seed + 1);
  return Array.from({ length: phases }, (_, phase) => {
    const row = Array.from({ length: count }, () => 0);
    row[count / 2 - 1] = 64;
    if (phase === 0) return row;
    // Moves weight between taps, at times as far as an int8 and the 16-bit intermediates allow.
    const limit = random() < 0.3 ? 192 : 112;
    for (let move = 0; move < 40; move++) {
      const [from, to] = [integer(random, 0, count - 1), integer(random, 0, count - 1)];
      const weight = integer(random, 1, 20);
      const next = row.map((tap, i) => tap - (i === from ? weight : 0) + (i === to ? weight : 0));
      const isSmall = next.every((tap) => tap >= -128 && tap <= 127);
      if (isSmall && next.reduce((sum, tap) => sum + Math.abs(tap), 0) <= limit) row.splice(0, count, ...next);
    }
    return row;
  });
}

describe('compensate equals its twin', () => {
  // The eighth-sample filter of chroma has 4 taps, the quarter-sample one of luma 8, the bilinear one 2.
  for (const [phases, count] of [
    [4, 8],
    [8, 4],
    [4, 2],
  ] as const) {
    test.prop(
      { kind, seed: fc.nat(), width: fc.constantFrom(4, 8, 16), row: fc.nat(8), column: fc.nat(8) },
      { numRuns: 12 },
    )(`${count} taps, every phase`, ({ kind, seed, width, row, column }) => {
      source.set(texture(kind, seed));
      const taps = makeTaps(phases, count, seed);
      kernels.i16.set(taps.flat(), tapsAt >> 1);
      const from = source.block(8 + row, 8 + column);
      for (let phaseY = 0; phaseY < phases; phaseY++) {
        for (let phaseX = 0; phaseX < phases; phaseX++) {
          target.set(() => 77);
          const place = [source.at(8 + row, 8 + column), source.stride, target.at(3, 5), target.stride] as const;
          kernels.call.compensate(...place, width, width, tapsAt, count, phaseX, phaseY);
          const expected = twin.compensate(from, width, width, taps, phaseX, phaseY);
          if (Buffer.compare(target.now(), target.with(3, 5, width, expected)) !== 0) {
            throw new Error(`phase ${phaseX}, ${phaseY} of ${JSON.stringify(taps)} differs`);
          }
        }
      }
    });
  }

  test.prop(
    { kind, seed: fc.nat(), size: fc.constantFrom(8, 16, 32, 64), x: fc.nat(3), y: fc.nat(3) },
    { numRuns: 40 },
  )('compensate, of all sizes of blocks', ({ kind, seed, size, x, y }) => {
    source.set(texture(kind, seed));
    target.set(() => 77);
    const taps = makeTaps(4, 8, seed);
    kernels.i16.set(taps.flat(), tapsAt >> 1);
    const place = [source.at(9, 11), source.stride, target.at(3, 5), target.stride] as const;
    kernels.call.compensate(...place, size, size, tapsAt, 8, x, y);
    const expected = twin.compensate(source.block(9, 11), size, size, taps, x, y);
    expect(Buffer.compare(target.now(), target.with(3, 5, size, expected))).toBe(0);
  });

  test.prop({ kinds: fc.tuple(kind, kind), seed: fc.nat(), width: fc.constantFrom(4, 8, 16, 32, 64) })(
    'averageBlocks, in place too',
    ({ kinds, seed, width }) => {
      source.set(texture(kinds[0], seed));
      other.set(texture(kinds[1], seed + 1));
      target.set(() => 1);
      const expected = twin.averageBlocks(source.block(2, 3), other.block(5, 1), width, width);
      const inputs = [source.at(2, 3), source.stride, other.at(5, 1), other.stride] as const;
      kernels.call.averageBlocks(...inputs, target.at(4, 4), target.stride, width, width);
      expect(target.now()).toEqual(target.with(4, 4, width, expected));
      kernels.call.averageBlocks(...inputs, source.at(2, 3), source.stride, width, width);
      expect(source.now()).toEqual(source.with(2, 3, width, expected));
    },
  );

  test.prop({ kinds: fc.tuple(kind, kind), seed: fc.nat(), width: fc.constantFrom(8, 16, 32, 64) })(
    'aimBlock',
    ({ kinds, seed, width }) => {
      source.set(texture(kinds[0], seed));
      other.set(texture(kinds[1], seed + 1));
      target.set(() => 1);
      const expected = twin.aimBlock(source.block(2, 3), other.block(5, 1), width, width);
      const inputs = [source.at(2, 3), source.stride, other.at(5, 1), other.stride] as const;
      kernels.call.aimBlock(...inputs, target.at(4, 4), target.stride, width, width);
      expect(target.now()).toEqual(target.with(4, 4, width, expected));
    },
  );
});
