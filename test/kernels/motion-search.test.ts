import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { BlockView } from '../../src/kernels/block-view.js';
import { Kernels } from '../../src/kernels/kernels.js';
import { MotionSearch } from '../../src/kernels/motion-search.js';
import { seededRandom } from '../entropy/random.js';
import { integer, SharedPlane, texture } from './arena.js';
import { searchMotion, type Found, type SearchInput } from './twins/motion-search.js';

const kernels = new Kernels();
const current = new SharedPlane(kernels, 144, 144);
const reference = new SharedPlane(kernels, 160, 160);
const tapsAt = kernels.allocate(64);

const SHORT_TAPS = [
  [0, 64, 0, 0],
  [-4, 54, 16, -2],
  [-4, 36, 36, -4],
  [-2, 16, 54, -4],
];
const BILINEAR = [
  [64, 0],
  [48, 16],
  [32, 32],
  [16, 48],
];
const TAPS = [
  [0, 0, 0, 64, 0, 0, 0, 0],
  [-1, 4, -10, 58, 17, -5, 1, 0],
  [-1, 4, -11, 40, 40, -11, 4, -1],
  [0, 1, -5, 17, 58, -10, 4, -1],
];

function runKernel(input: Omit<SearchInput, 'current' | 'reference'>, row: number, column: number): Found {
  kernels.i16.set(input.taps.flat(), tapsAt >> 1);
  const search = new MotionSearch(kernels, input.steps, input.directions);
  search.useTaps(tapsAt, input.taps[0]!.length);
  for (const [x, y] of input.starts) search.addStart(x, y);
  const wanted = new BlockView().moveTo({ at: current.at(0, 0), stride: current.stride }, row, column, input.size);
  const place = { at: reference.at(row + 8, column + 8), stride: reference.stride };
  const [minX, maxX, minY, maxY] = input.limits;
  const [x, y] = input.predicted;
  const cost = search.search(wanted, place, { minX, maxX, minY, maxY }, { x, y }, input.lambda);
  return { ...search.found, cost };
}

/** Smooth waves, moved by (`dx`, `dy`) samples, under a little noise. */
function waves(stride: number, dx: number, dy: number, noise: number, seed: number): (i: number) => number {
  const random = seededRandom(seed + 1);
  return (i) => {
    const [y, x] = [Math.floor(i / stride) - dy, (i % stride) - dx];
    const value = 128 + 50 * Math.sin(x / 5) + 50 * Math.cos(y / 7 + x / 11);
    return Math.max(0, Math.min(255, Math.round(value + noise * (random() - 0.5))));
  };
}

describe('searchMotion', () => {
  test.prop(
    {
      seed: fc.nat(),
      size: fc.constantFrom(8, 16, 32, 64),
      noise: fc.constantFrom(0, 4, 60, 400),
      lambda: fc.constantFrom(0, 0.37, 4.2, 100),
      steps: fc.constantFrom(0, 1, 12, 24),
      taps: fc.constantFrom(TAPS, SHORT_TAPS, BILINEAR),
      directions: fc.constantFrom(0 as const, 4 as const, 8 as const),
    },
    { numRuns: 60 },
  )('equals its twin', ({ seed, size, noise, lambda, steps, taps, directions }) => {
    const random = seededRandom(seed + 1);
    if (noise === 400) {
      current.set(texture('extremes', seed));
      reference.set(texture('extremes', seed + 1));
    } else {
      current.set(waves(144, 0, 0, noise, seed));
      reference.set(waves(160, 8 + 6 * (random() - 0.5), 8 + 6 * (random() - 0.5), noise, seed + 1));
    }
    const [row, column] = [integer(random, 8, 48), integer(random, 8, 48)];
    // So far that filter taps stay within the plane.
    const limits = [-column + 2, 160 - 8 - column - size - 8, -row + 2, 160 - 8 - row - size - 8] as const;
    const vector = (range: number) => [integer(random, -range, range), integer(random, -range, range)] as const;
    const input = {
      size,
      starts: Array.from({ length: integer(random, 1, 9) }, () => vector(random() < 0.2 ? 400 : 24)),
      predicted: vector(30),
      limits,
      lambda,
      steps,
      taps,
      directions,
    };
    const expected = searchMotion({
      ...input,
      current: current.block(row, column),
      reference: reference.block(row + 8, column + 8),
    });
    expect(runKernel(input, row, column)).toEqual(expected);
  });

  test('an instance forgets what it was told only when asked', () => {
    current.set(waves(144, 0, 0, 0, 1));
    reference.set(waves(160, 8 - 12, 8, 0, 1));
    kernels.i16.set(TAPS.flat(), tapsAt >> 1);
    const search = new MotionSearch(kernels, 0);
    search.useTaps(tapsAt);
    const wanted = new BlockView().moveTo({ at: current.at(0, 0), stride: current.stride }, 30, 30, 16);
    const place = { at: reference.at(38, 38), stride: reference.stride };
    const limits = { minX: -16, maxX: 16, minY: -16, maxY: 16 };
    const find = (): number => {
      search.search(wanted, place, limits, { x: 0, y: 0 }, 1);
      return search.found.x;
    };
    search.addStart(0, 0);
    expect(find()).not.toBe(-48);
    search.addStart(-48, 0);
    search.addStart(-48, 0);
    expect(find()).toBe(-48);
    search.clearStarts();
    search.addStart(0, 0);
    expect(find()).not.toBe(-48);
  });

  test('finds a motion of a quarter sample', () => {
    current.set(waves(144, 0, 0, 0, 1));
    reference.set(waves(160, 8 - 2.75, 8 + 1.5, 0, 1));
    const limits = [-16, 16, -16, 16] as const;
    const found = runKernel(
      { size: 16, starts: [[0, 0]], predicted: [0, 0], limits, lambda: 1, steps: 24, taps: TAPS, directions: 8 },
      30,
      30,
    );
    expect([found.x, found.y]).toEqual([-11, 6]);
  });
});
