import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { seededRandom } from '../entropy/random.js';
import { integer, SharedPlane, texture, TEXTURES } from './arena.js';
import { clip } from './twins/block.js';
import * as twin from './twins/separable-transform.js';

const kernels = new Kernels();
const plane = new SharedPlane(kernels, 80, 70);
const residualAt = kernels.allocate(64 * 64 * 2);
const matrixAt = kernels.allocate(16 * 64 * 2);
const scanAt = kernels.allocate(256);
const outputAt = kernels.allocate(2 * 256 * 4);
const tokensAt = kernels.allocate(2 * 256 * 2);
const stepsAt = kernels.allocate(256 * 4);

/** Sizes of transforms and the frequencies that they keep: those of large blocks. */
const shape = fc.constantFrom([16, 8], [32, 8], [32, 16], [64, 16]);
/** Those of smaller blocks too. */
const anyShape = fc.constantFrom([8, 8], [16, 8], [16, 16], [32, 8], [32, 16], [64, 16]);

/** [keep, size]: the lowest frequencies of a DCT, times 2^15. */
function cosines(keep: number, size: number): Int16Array {
  return Int16Array.from({ length: keep * size }, (_, i) => {
    const [k, x] = [Math.floor(i / size), i % size];
    return Math.round(32768 * Math.sqrt((k === 0 ? 1 : 2) / size) * Math.cos((Math.PI * (2 * x + 1) * k) / (2 * size)));
  });
}

/** Any matrix, also one that makes sums wrap. */
function anyMatrix(random: () => number, keep: number, size: number): Int16Array {
  return Int16Array.from({ length: keep * size }, () => integer(random, -32768, 32767));
}

function prepare(keep: number, matrix: Int16Array): Uint8Array {
  const scan = Uint8Array.from(twin.zigzag(keep));
  kernels.i16.set(matrix, matrixAt >> 1);
  kernels.u8.set(scan, scanAt);
  return scan;
}

describe('separable transforms equal their twins', () => {
  test.prop({ seed: fc.nat(), shape: anyShape, range: fc.constantFrom(3, 60, 255), step: fc.constantFrom(1, 2) })(
    'forwardSeparable',
    ({ seed, shape: [size, keep], range, step }) => {
      const random = seededRandom(seed + 1);
      const residual = Int16Array.from({ length: size ** 2 }, () => integer(random, -range, range));
      const matrix = cosines(keep, size);
      const scan = prepare(keep, matrix);
      kernels.i16.set(residual, residualAt >> 1);
      kernels.i32.fill(5, outputAt >> 2, (outputAt >> 2) + 2 * 256);
      const energy = kernels.call.forwardSeparable(residualAt, size, matrixAt, keep, scanAt, outputAt, step);
      const coefficients = twin.forwardSeparable(residual, matrix, size, keep);
      const expected = new Int32Array(2 * 256).fill(5);
      scan.forEach((frequency, i) => (expected[i * step] = coefficients[frequency]!));
      expect(kernels.i32.slice(outputAt >> 2, (outputAt >> 2) + 2 * 256)).toEqual(expected);
      const sum = coefficients.reduce((total, value) => total + (value / 32768) ** 2, 0);
      expect(Math.abs(energy - sum)).toBeLessThanOrEqual(1e-4 * sum);
    },
  );

  const dequantiseProperties = {
    seed: fc.nat(),
    keep: fc.constantFrom(8, 16),
    tokenStep: fc.constantFrom(1, 2),
    density: fc.constantFrom(0, 0.02, 0.9),
    largest: fc.constantFrom(1, 3, 200, 16383),
    step: fc.constantFrom(1, 40, 3000, 130560),
    offsets: fc.tuple(fc.nat(255), fc.nat(255)),
    isWild: fc.boolean(),
    size: fc.constantFrom(16, 32, 64),
    kind: fc.constantFrom(...TEXTURES),
  };

  test.prop(dequantiseProperties)(
    'dequantiseSeparable and inverseSeparable, wrapping included',
    ({ seed, keep, tokenStep, density, largest, step, offsets, isWild, size, kind }) => {
      const random = seededRandom(seed + 1);
      const matrix = isWild ? anyMatrix(random, keep, size) : cosines(keep, size);
      const scan = prepare(keep, matrix);
      const tokens = Int16Array.from({ length: keep ** 2 * tokenStep }, () =>
        random() < density ? integer(random, -largest, largest) : 0,
      );
      const steps = Int32Array.from({ length: keep ** 2 }, () => integer(random, 1, step));
      kernels.i16.set(tokens, tokensAt >> 1);
      kernels.i32.set(steps, stepsAt >> 2);
      plane.set(texture(kind, seed));

      const used = kernels.call.dequantiseSeparable(tokensAt, tokenStep, size, keep, scanAt, stepsAt, ...offsets);
      const values = new Int32Array(keep ** 2);
      scan.forEach(
        (frequency, i) =>
          (values[frequency] = twin.dequantiseSeparable(tokens[i * tokenStep]!, steps[i]!, offsets, size)),
      );
      const last = values.findLastIndex((value) => value !== 0);
      // A row of frequencies counts by its tokens: a value may be zero, pulled towards zero.
      expect(used).toBeGreaterThanOrEqual(last === -1 ? 0 : Math.floor(last / keep) + 1);

      if (used > 0) kernels.call.inverseSeparable(size, matrixAt, keep, used, plane.at(3, 5), plane.stride);
      const residual = twin.inverseSeparable(values, matrix, size);
      const block = plane.block(3, 5);
      const expected = Uint8Array.from(residual, (value, i) => {
        const sample = block.data[block.at + Math.floor(i / size) * block.stride + (i % size)]!;
        return clip(sample + value, 0, 255);
      });
      expect(Buffer.compare(plane.now(), plane.with(3, 5, size, expected))).toBe(0);
    },
  );

  test.prop({ seed: fc.nat(), shape })('what forward finds, inverse restores', ({ seed, shape: [size, keep] }) => {
    // A residual that the kept frequencies express.
    const random = seededRandom(seed + 1);
    const matrix = cosines(keep, size);
    const values = Int32Array.from({ length: keep ** 2 }, () => integer(random, -200, 200));
    const residual = Int16Array.from(twin.inverseSeparable(values, matrix, size));
    prepare(keep, matrix);
    kernels.i16.set(residual, residualAt >> 1);
    kernels.call.forwardSeparable(residualAt, size, matrixAt, keep, scanAt, outputAt, 1);
    const order = twin.zigzag(keep);
    order.forEach((frequency, i) => {
      // Coefficients are in 1/32768 of a sample, values in 1/8, 1/4 or 1/2 of one.
      expect(Math.abs(kernels.i32[(outputAt >> 2) + i]! / ((4096 * size) / 16) - values[frequency]!)).toBeLessThan(24);
    });
  });
});
