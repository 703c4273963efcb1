import { TABLE_BITS, TABLE_TOTAL } from './rans-constants.js';

const bitsOfFrequency = Float64Array.from({ length: TABLE_TOTAL + 1 }, (_, frequency) =>
  frequency === 0 ? Infinity : TABLE_BITS - Math.log2(frequency),
);

/**
 * Returns the information content of a symbol with this frequency (0..32768), in bits. It is a float, so only encoders
 * and tests may use it.
 */
export function information(frequency: number): number {
  return bitsOfFrequency[frequency] ?? Infinity;
}
