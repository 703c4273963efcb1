import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { BlockEstimates, ESTIMATE_VALUES } from '../../src/kernels/block-estimates.js';
import { Kernels } from '../../src/kernels/kernels.js';
import { MotionSearch } from '../../src/kernels/motion-search.js';
import { seededRandom } from '../entropy/random.js';
import { integer, SharedPlane, texture, TEXTURES } from './arena.js';
import { averageBlocks } from './twins/compensation.js';
import { meanPrediction, movedPrediction, searchField } from './twins/block-estimates.js';

const TAPS = [
  [64, 0],
  [48, 16],
  [32, 32],
  [16, 48],
];
const grid = { columns: 5, rows: 4 };
const blocks = grid.columns * grid.rows;
const outside = { outsideBefore: 9, outsideAfter: 6 };
/** Samples around the blocks of each plane. */
const EDGE = 16;
const STRIDE = 8 * grid.columns + 2 * EDGE;

const kernels = new Kernels();
const [plane, first, second] = [0, 1, 2].map(() => new SharedPlane(kernels, STRIDE, 8 * grid.rows + 2 * EDGE)) as [
  SharedPlane,
  SharedPlane,
  SharedPlane,
];
const taps = kernels.store(Int16Array.from(TAPS.flat()));
const estimates = new BlockEstimates(kernels, { ...grid, ...outside, stride: STRIDE, taps, tapCount: 2 });
const prediction = kernels.allocate(64);
const result = kernels.allocate(4 * ESTIMATE_VALUES);
const [SCALE, NOISE] = [1e-3, 0.5];

const place = (of: SharedPlane): number => of.at(EDGE, EDGE);

/** What the kernel `rateDistortion` says of a prediction of a block. */
function estimateOf(index: number, predicted: Uint8Array, noise: number): number[] {
  kernels.u8.set(predicted, prediction);
  const [row, column] = [Math.floor(index / grid.columns), index % grid.columns];
  const block = plane.at(EDGE + 8 * row, EDGE + 8 * column);
  kernels.call.rateDistortion(block, STRIDE, prediction, 8, SCALE, noise, result);
  return Array.from(kernels.f32.slice(result >> 2, (result >> 2) + ESTIMATE_VALUES));
}

function found(index: number): number[] {
  return Array.from(estimates.estimates.slice(ESTIMATE_VALUES * index, ESTIMATE_VALUES * (index + 1)));
}

/** Waves that move from plane to plane, under noise. */
function fill(seed: number, noise: number): void {
  const random = seededRandom(seed + 1);
  [plane, first, second].forEach((each, time) => {
    each.set((at) => {
      const [y, x] = [Math.floor(at / STRIDE) + 1.25 * time, (at % STRIDE) - 2.5 * time];
      const value = 128 + 50 * Math.sin(x / 4) + 40 * Math.cos(y / 5 + x / 9);
      return Math.max(0, Math.min(255, Math.round(value + noise * (random() - 0.5))));
    });
  });
}

function vectors(random: () => number, range: number): Int16Array {
  return Int16Array.from({ length: 2 * blocks }, () => integer(random, -range, range));
}

const vector = (field: Int16Array, index: number) => [field[2 * index]!, field[2 * index + 1]!] as const;

describe('block estimates equal their twins', () => {
  test.prop({ kind: fc.constantFrom(...TEXTURES), seed: fc.nat() })('alone', ({ kind, seed }) => {
    plane.set(texture(kind, seed));
    estimates.alone(place(plane), SCALE);
    for (let index = 0; index < blocks; index++) {
      const expected = meanPrediction(plane.block(EDGE, EDGE), grid, index);
      expect(estimates.satds[index]).toBe(expected.satd);
      expect(found(index)).toEqual(estimateOf(index, expected.prediction, 0));
    }
  });

  test.prop(
    {
      seed: fc.nat(),
      noise: fc.constantFrom(0, 8, 200),
      directions: fc.constantFrom(0 as const, 4 as const, 8 as const),
      scale: fc.constantFrom(1, -1, 3),
      fields: fc.constantFrom([false, false], [true, false], [false, true], [true, true]),
    },
    { numRuns: 30 },
  )('searched', ({ seed, noise, directions, scale, fields }) => {
    fill(seed, noise);
    const random = seededRandom(seed + 2);
    const [one, two] = fields.map((isThere) => (isThere ? vectors(random, 20) : undefined));
    const search = new MotionSearch(kernels, 6, directions);
    search.useTaps(taps, 2);
    estimates.searched(place(plane), place(first), search, { first: one, scale, second: two }, 2, SCALE, NOISE);
    const expected = searchField({
      ...{ ...grid, ...outside, plane: plane.block(EDGE, EDGE), reference: first.block(EDGE, EDGE) },
      ...{ lambda: 2, steps: 6, taps: TAPS, directions },
      starts: Array.from({ length: blocks }, (_, at) => [
        ...(one === undefined ? [] : [[scale * one[2 * at]!, scale * one[2 * at + 1]!] as const]),
        ...(two === undefined ? [] : [vector(two, at)]),
      ]),
    });
    expected.forEach(({ x, y, cost }, index) => {
      expect(vector(estimates.motion, index)).toEqual([x, y]);
      expect(estimates.satds[index]).toBe(cost);
      const moved = movedPrediction(first.block(EDGE, EDGE), grid, index, [x, y], TAPS);
      expect(found(index)).toEqual(estimateOf(index, moved, NOISE));
    });
  });

  test.prop({ seed: fc.nat(), range: fc.constantFrom(0, 3, 24) })('averages, of wanted blocks alone', (input) => {
    fill(input.seed, 30);
    const random = seededRandom(input.seed + 2);
    const [one, two] = [vectors(random, input.range), vectors(random, input.range)];
    estimates.isWanted.set(Uint8Array.from({ length: blocks }, () => integer(random, 0, 1)));
    estimates.estimates.fill(-1);
    const moved = [
      { plane: place(first), motion: one },
      { plane: place(second), motion: two },
    ] as const;
    estimates.averages(place(plane), ...moved, SCALE, NOISE);
    for (let index = 0; index < blocks; index++) {
      if (estimates.isWanted[index] === 0) {
        expect(found(index)).toEqual([-1, -1, -1]);
        continue;
      }
      const [a, b] = ([[first, one] as const, [second, two] as const] as const).map(([from, motion]) => ({
        data: movedPrediction(from.block(EDGE, EDGE), grid, index, vector(motion, index), TAPS),
        ...{ at: 0, stride: 8 },
      }));
      expect(found(index)).toEqual(estimateOf(index, averageBlocks(a!, b!, 8, 8), NOISE));
    }
  });
});
