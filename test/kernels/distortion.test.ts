import { describe, expect } from '@jest/globals';
import { fc, test } from '@fast-check/jest';
import { Kernels } from '../../src/kernels/kernels.js';
import { SharedPlane, texture, TEXTURES } from './arena.js';
import * as twin from './twins/distortion.js';

const kernels = new Kernels();
const a = new SharedPlane(kernels, 90, 90);
const b = new SharedPlane(kernels, 83, 86);
const kind = fc.constantFrom(...TEXTURES);
const places = {
  kinds: fc.tuple(kind, kind),
  seed: fc.nat(),
  row: fc.nat(15),
  column: fc.nat(15),
  size: fc.constantFrom(8, 16, 32, 64),
};

describe('distortion kernels equal their twins', () => {
  test.prop(places)('SATD, SSD', ({ kinds, seed, row, column, size }) => {
    a.set(texture(kinds[0], seed));
    b.set(texture(kinds[1], seed + 1));
    const [x, y] = [a.block(row, column), b.block(column, row)];
    const place = [a.at(row, column), a.stride, b.at(column, row), b.stride] as const;
    expect(kernels.call.blockSatd(...place, size)).toBe(twin.blockSatd(x, y, size));
    for (const height of [1, 7, 16, size]) {
      expect(kernels.call.blockSsd(...place, size, height)).toBe(twin.blockSsd(x, y, size, height));
    }
  });

  test('the largest sums', () => {
    a.set(() => 255);
    b.set(() => 0);
    const place = [a.at(0, 0), a.stride, b.at(0, 0), b.stride] as const;
    for (const size of [16, 64]) {
      expect(kernels.call.blockSsd(...place, size, size)).toBe(255 * 255 * size ** 2);
      // All energy in one coefficient per 8x8 block, a quarter of it.
      expect(kernels.call.blockSatd(...place, size)).toBe((size / 8) ** 2 * ((255 * 64) / 4));
    }
  });

  test.prop({ kind, seed: fc.nat() })('variances', ({ kind, seed }) => {
    a.set(texture(kind, seed));
    const [columns, rows] = [4, 3];
    const target = kernels.allocate(4 * columns * rows);
    kernels.call.blockVariances(a.at(2, 3), a.stride, columns, rows, target);
    const expected = Array.from({ length: columns * rows }, (_, at) =>
      twin.blockVariance(a.block(2 + 16 * Math.floor(at / columns), 3 + 16 * (at % columns))),
    );
    const found = kernels.i32.slice(target >> 2, (target >> 2) + columns * rows);
    expect(Array.from(found, (variance) => variance / 2 ** 16)).toEqual(expected);
  });

  test('the largest variance', () => {
    a.set((i) => 255 * (i % 2));
    const target = kernels.allocate(4);
    kernels.call.blockVariances(a.at(0, 0), a.stride, 1, 1, target);
    expect(kernels.i32[target >> 2]).toBe(2 ** 16 * 127.5 ** 2);
  });

  test.prop({ kind, seed: fc.nat(), width: fc.integer({ min: 1, max: 20 }), height: fc.integer({ min: 1, max: 18 }) })(
    'halve',
    ({ kind, seed, width, height }) => {
      a.set(texture(kind, seed));
      b.set(() => 7);
      kernels.call.halve(a.at(0, 0), a.stride, b.at(2, 3), b.stride, width, height);
      expect(b.now()).toEqual(b.with(2, 3, width, twin.halve(a.block(0, 0), width, height)));
    },
  );
});
