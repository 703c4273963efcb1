import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { integer, SharedPlane, texture, TEXTURES } from './arena.js';
import { seededRandom } from '../entropy/random.js';
import * as twin from './twins/transform.js';

const kernels = new Kernels();
const a = new SharedPlane(kernels, 40, 40);
const b = new SharedPlane(kernels, 48, 40);
const residualAt = kernels.allocate(256 * 2);
const basisAt = kernels.allocate(32 * 256 * 2);
const outputAt = kernels.allocate(32 * 4 * 4);
const tokensAt = kernels.allocate(256 * 2);
const stepsAt = kernels.allocate(64 * 4);
const accumulatorAt = kernels.allocate(256 * 4);
const kind = fc.constantFrom(...TEXTURES);
const size = fc.constantFrom(8, 16);

function setI16(at: number, values: Int16Array): void {
  kernels.i16.set(values, at >> 1);
}

function getI32(at: number, count: number): Int32Array {
  return kernels.i32.slice(at >> 2, (at >> 2) + count);
}

describe('transform kernels equal their twins', () => {
  test.prop({ kinds: fc.tuple(kind, kind), seed: fc.nat(), size })('subtractBlock', ({ kinds, seed, size }) => {
    a.set(texture(kinds[0], seed));
    b.set(texture(kinds[1], seed + 1));
    kernels.call.subtractBlock(a.at(3, 2), a.stride, b.at(1, 5), b.stride, residualAt, size);
    const result = kernels.i16.slice(residualAt >> 1, (residualAt >> 1) + size * size);
    expect(result).toEqual(twin.subtractBlock(a.block(3, 2), b.block(1, 5), size));
  });

  test.prop({ seed: fc.nat(), size, atoms: fc.integer({ min: 1, max: 32 }), stride: fc.constantFrom(1, 2, 4) })(
    'forwardTransform',
    ({ seed, size, atoms, stride }) => {
      const random = seededRandom(seed + 1);
      const samples = size * size;
      const residual = Int16Array.from({ length: samples }, () => integer(random, -255, 255));
      const basis = Int16Array.from({ length: atoms * samples }, () => integer(random, -32768, 32767));
      setI16(residualAt, residual);
      setI16(basisAt, basis);
      kernels.i32.fill(5, outputAt >> 2, (outputAt >> 2) + 128);
      kernels.call.forwardTransform(residualAt, samples, basisAt, atoms, outputAt, stride);
      const expected = new Int32Array(128).fill(5);
      twin.forwardTransform(residual, basis).forEach((value, atom) => (expected[atom * stride] = value));
      expect(getI32(outputAt, 128)).toEqual(expected);
    },
  );

  test.prop({
    seed: fc.nat(),
    size,
    stride: fc.constantFrom(1, 2, 4),
    largest: fc.constantFrom(1, 3, 200, 16383),
    step: fc.constantFrom(1, 40, 3000, 130560),
    offsets: fc.tuple(fc.nat(255), fc.nat(255)),
    atom: fc.constantFrom(4000, 32768),
  })('accumulateAtoms, wrapping included', ({ seed, size, stride, largest, step, offsets, atom }) => {
    const random = seededRandom(seed + 1);
    const samples = size * size;
    const count = 32;
    const tokens = new Int16Array(count * stride);
    for (let i = 0; i < tokens.length; i++) if (random() < 0.6) tokens[i] = integer(random, -largest, largest);
    const basis = Int16Array.from({ length: count * samples }, () => integer(random, -atom, Math.min(atom, 32767)));
    const steps = Int32Array.from({ length: count }, () => integer(random, 1, step));
    const before = Int32Array.from({ length: samples }, () => integer(random, -(2 ** 31), 2 ** 31 - 1));
    setI16(tokensAt, tokens);
    setI16(basisAt, basis);
    kernels.i32.set(steps, stepsAt >> 2);
    kernels.i32.set(before, accumulatorAt >> 2);
    const own = Array.from({ length: count }, (_, i) => tokens[i * stride]!);
    const place = [accumulatorAt, samples, basisAt, tokensAt, stride, count, stepsAt] as const;
    expect(kernels.call.accumulateAtoms(...place, ...offsets)).toBe(own.filter((token) => token !== 0).length);
    const values = own.map((token, i) => twin.dequantise(token, steps[i]!, offsets));
    const sums = twin.accumulateAtoms(values, basis, samples).map((sum, i) => (sum + before[i]!) | 0);
    expect(getI32(accumulatorAt, samples)).toEqual(sums);

    kernels.call.clearAccumulator(accumulatorAt, samples);
    expect(getI32(accumulatorAt, samples)).toEqual(new Int32Array(samples));
  });

  test('sums do wrap modulo 2^32', () => {
    setI16(tokensAt, new Int16Array(32).fill(16383));
    setI16(basisAt, new Int16Array(32 * 64).fill(32767));
    kernels.i32.fill(130560, stepsAt >> 2, (stepsAt >> 2) + 32);
    kernels.call.clearAccumulator(accumulatorAt, 64);
    kernels.call.accumulateAtoms(accumulatorAt, 64, basisAt, tokensAt, 1, 32, stepsAt, 0, 0);
    const sum = 32 * 32767 * 32767;
    expect(sum).toBeGreaterThan(2 ** 32);
    expect(getI32(accumulatorAt, 64)).toEqual(new Int32Array(64).fill((sum % 2 ** 32) | 0));
  });

  test.prop({ kind, seed: fc.nat(), size, range: fc.constantFrom(2 ** 20, 2 ** 26, 2 ** 31) })(
    'addResidual',
    ({ kind, seed, size, range }) => {
      a.set(texture(kind, seed));
      const random = seededRandom(seed + 1);
      const sums = Int32Array.from({ length: size * size }, () => integer(random, -range, range - 1));
      // Values at the rounding and clipping edges.
      sums.set([2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 2 ** 17, 2 ** 17 - 1, 2 ** 17, -(2 ** 17), -(2 ** 17) - 1]);
      kernels.i32.set(sums, accumulatorAt >> 2);
      const expected = twin.addResidual(sums, a.block(6, 4), size);
      kernels.call.addResidual(accumulatorAt, a.at(6, 4), a.stride, size);
      expect(a.now()).toEqual(a.with(6, 4, size, expected));
    },
  );
});
