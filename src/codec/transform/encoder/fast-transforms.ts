import type { Kernels } from '../../../kernels/kernels.js';
import { zigzag, type SeparableTransform } from '../kernel-tables.js';
import type { BasisTable } from '../pack-tables.js';

/**
 * Returns the bases that are the two-dimensional DCT-II in zigzag order as separable transforms, a fast way to the same
 * coefficients; undefined for the others.
 */
export function fastTransforms(kernels: Kernels, basis: BasisTable, size: number): (SeparableTransform | undefined)[] {
  const scan = zigzag(size);
  const matrix = cosines(size);
  const isDct = (index: number): boolean => {
    if (basis.atoms !== size * size) return false;
    const atoms = basis.data.subarray(index * size ** 4, (index + 1) * size ** 4);
    return atoms.every((value, at) => {
      const sample = at % (size * size);
      const frequency = scan[Math.floor(at / (size * size))]!;
      const vertical = matrix[Math.floor(frequency / size) * size + Math.floor(sample / size)]!;
      const horizontal = matrix[(frequency % size) * size + (sample % size)]!;
      // Both factors and the product are rounded.
      return Math.abs(value - (vertical * horizontal) / 32768) <= 2;
    });
  };
  const shared = { size, keep: size, matrix: kernels.store(matrix), scan: kernels.store(scan) };
  return Array.from({ length: basis.count }, (_, index) => (isDct(index) ? shared : undefined));
}

/** int16 [size, size]: the orthonormal DCT-II times 2^15. */
function cosines(size: number): Int16Array {
  return Int16Array.from({ length: size * size }, (_, at) => {
    const frequency = Math.floor(at / size);
    const scale = Math.sqrt((frequency === 0 ? 1 : 2) / size);
    return Math.round(32768 * scale * Math.cos((Math.PI * (2 * (at % size) + 1) * frequency) / (2 * size)));
  });
}
