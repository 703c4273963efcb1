import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { SharedPlane, texture, TEXTURES } from './arena.js';
import { rateDistortion, type RateDistortion } from './twins/rate-distortion.js';

const kernels = new Kernels();
const block = new SharedPlane(kernels, 24, 20);
const prediction = new SharedPlane(kernels, 19, 20);
const result = kernels.allocate(12);
const kind = fc.constantFrom(...TEXTURES);

function estimate(scale: number, noise: number): RateDistortion {
  const [row, column] = [3, 5];
  const places = [block.at(row, column), 24, prediction.at(column, row), 19] as const;
  kernels.call.rateDistortion(...places, scale, noise, result);
  const [cost, coded, followed] = kernels.f32.slice(result >> 2, (result >> 2) + 3);
  return { cost: cost!, coded: coded!, followed: followed! };
}

describe('rateDistortion', () => {
  test.prop({
    kinds: fc.tuple(kind, kind),
    seed: fc.nat(),
    scale: fc.constantFrom(1e-5, 1e-3, 0.1, 3),
    noise: fc.constantFrom(0, 0.5, 1),
  })('equals its twin, but for what its logarithm leaves out', ({ kinds, seed, scale, noise }) => {
    block.set(texture(kinds[0], seed));
    prediction.set(texture(kinds[1], seed + 1));
    const expected = rateDistortion(block.block(3, 5), prediction.block(5, 3), scale, noise);
    const { cost, coded, followed } = estimate(scale, noise);
    // The logarithm is at most 0.0861 ln 2 too small for each of 64 coefficients.
    expect(cost).toBeLessThan(1.0001 * expected.cost + 1e-4);
    expect(cost).toBeGreaterThan(0.9999 * expected.cost - 64 * 0.06 - 1e-4);
    expect(Math.abs(coded - expected.coded)).toBeLessThan(1e-2);
    expect(Math.abs(followed - expected.followed)).toBeLessThan(1e-2);
  });

  test('a perfect prediction costs the noise of its reference, and all of the block follows it', () => {
    block.set(texture('noise', 1));
    prediction.set((i) => block.data[(3 + Math.floor(i / 19) - 5) * 24 + 5 + (i % 19) - 3] ?? 0);
    const { cost, coded, followed } = estimate(1, 0.5);
    expect(cost).toBeCloseTo(0.5 * 64, 0);
    expect(coded).toBeGreaterThan(60);
    expect(followed).toBe(coded);
  });

  test('the largest differences', () => {
    block.set(() => 255);
    prediction.set(() => 0);
    // All energy in one coefficient.
    const { cost, coded } = estimate(100, 0);
    expect(Math.abs(cost - (1 + Math.log(100 * (64 * 255) ** 2)))).toBeLessThan(0.06);
    expect(coded).toBeCloseTo(1, 4);
  });
});
