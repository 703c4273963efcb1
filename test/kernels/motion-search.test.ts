import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { seededRandom } from '../entropy/random.js';
import { integer, SharedPlane, texture } from './arena.js';
import { searchMotion, type Found, type SearchInput } from './twins/motion-search.js';

const kernels = new Kernels();
const current = new SharedPlane(kernels, 80, 80);
const reference = new SharedPlane(kernels, 96, 96);
const startsAt = kernels.allocate(64);
const tapsAt = kernels.allocate(64);
const resultAt = kernels.allocate(8);

const TAPS = [
  [0, 0, 0, 64, 0, 0, 0, 0],
  [-1, 4, -10, 58, 17, -5, 1, 0],
  [-1, 4, -11, 40, 40, -11, 4, -1],
  [0, 1, -5, 17, 58, -10, 4, -1],
];

function runKernel(input: Omit<SearchInput, 'current' | 'reference'>, row: number, column: number): Found {
  kernels.i16.set(input.starts.flat(), startsAt >> 1);
  kernels.i16.set(input.taps.flat(), tapsAt >> 1);
  const cost = kernels.call.searchMotion(
    current.at(row, column),
    current.stride,
    reference.at(row + 8, column + 8),
    reference.stride,
    input.size,
    startsAt,
    input.starts.length,
    ...input.predicted,
    ...input.limits,
    input.lambda,
    input.steps,
    tapsAt,
    resultAt,
  );
  return { x: kernels.i16[resultAt >> 1]!, y: kernels.i16[(resultAt >> 1) + 1]!, cost };
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
      size: fc.constantFrom(8, 16),
      noise: fc.constantFrom(0, 4, 60, 400),
      lambda: fc.constantFrom(0, 0.37, 4.2, 100),
      steps: fc.constantFrom(0, 1, 12, 24),
    },
    { numRuns: 60 },
  )('equals its twin', ({ seed, size, noise, lambda, steps }) => {
    const random = seededRandom(seed + 1);
    if (noise === 400) {
      current.set(texture('extremes', seed));
      reference.set(texture('extremes', seed + 1));
    } else {
      current.set(waves(80, 0, 0, noise, seed));
      reference.set(waves(96, 8 + 6 * (random() - 0.5), 8 + 6 * (random() - 0.5), noise, seed + 1));
    }
    const [row, column] = [integer(random, 8, 48), integer(random, 8, 48)];
    // So far that filter taps stay within the plane.
    const limits = [-column + 2, 96 - 8 - column - size - 8, -row + 2, 96 - 8 - row - size - 8] as const;
    const vector = (range: number) => [integer(random, -range, range), integer(random, -range, range)] as const;
    const input = {
      size,
      starts: Array.from({ length: integer(random, 1, 9) }, () => vector(random() < 0.2 ? 400 : 24)),
      predicted: vector(30),
      limits,
      lambda,
      steps,
      taps: TAPS,
    };
    const expected = searchMotion({
      ...input,
      current: current.block(row, column),
      reference: reference.block(row + 8, column + 8),
    });
    expect(runKernel(input, row, column)).toEqual(expected);
  });

  test('finds a motion of a quarter sample', () => {
    current.set(waves(80, 0, 0, 0, 1));
    reference.set(waves(96, 8 - 2.75, 8 + 1.5, 0, 1));
    const limits = [-16, 16, -16, 16] as const;
    const found = runKernel(
      { size: 16, starts: [[0, 0]], predicted: [0, 0], limits, lambda: 1, steps: 24, taps: TAPS },
      30,
      30,
    );
    expect([found.x, found.y]).toEqual([-11, 6]);
  });
});
