import { expect, test } from '@jest/globals';
import { Kernels } from '../../src/kernels/kernels.js';

test('regions are zeroed, aligned, and do not overlap, those of instances on one memory neither', () => {
  const first = new Kernels();
  const second = new Kernels(first.memory);
  const regions = [40, 1, 100_000, 16, 300_000].flatMap((bytes) =>
    [first, second].map((kernels) => ({ kernels, bytes, at: kernels.allocate(bytes) })),
  );
  regions.forEach(({ kernels, bytes, at }, index) => {
    expect(at % 16).toBe(0);
    const region = kernels.u8.subarray(at, at + bytes);
    expect(region).toHaveLength(bytes);
    expect(region.every((value) => value === 0)).toBe(true);
    region.fill(index + 1);
  });
  regions.forEach(({ bytes, at }, index) => {
    // What one instance wrote, the other sees.
    for (const { u8 } of [first, second]) {
      expect(u8.subarray(at, at + bytes).every((value) => value === index + 1)).toBe(true);
    }
  });
});

test('views of one element type look at the same bytes', () => {
  const kernels = new Kernels();
  const at = kernels.store(Int32Array.of(-2, 0x3f800000));
  expect([...kernels.i16.subarray(at / 2, at / 2 + 2)]).toEqual([-2, -1]);
  expect(kernels.i32[at / 4]).toBe(-2);
  expect(kernels.f32[at / 4 + 1]).toBe(1);
  expect(kernels.u8[at]).toBe(254);
});
