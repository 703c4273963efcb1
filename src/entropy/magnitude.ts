import { BitstreamError } from '../errors.js';
import type { AdaptiveTables } from './adaptive-tables.js';
import type { RansDecoder } from './rans-decoder.js';
import type { RansEncoder } from './rans-encoder.js';

/** The escape symbol: the magnitude is 15 or more. */
export const ESCAPE = 15;

/** Largest magnitude of a token, `floor(32767 / 2)`. */
export const MAGNITUDE_LIMIT = 16383;

/** The largest number of 1 bits in the length code of an escape. */
const ESCAPE_LENGTH_LIMIT = 14;

/** Number of raw bits `n` of an escaped magnitude: the largest with `15 + (1 << n) - 1 <= magnitude`. */
function escapeLength(magnitude: number): number {
  return 31 - Math.clz32(magnitude - ESCAPE + 1);
}

/** Returns the number of raw bits after the escape symbol of a magnitude; 0 for magnitudes below 15. */
export function escapeBits(magnitude: number): number {
  return magnitude < ESCAPE ? 0 : 2 * escapeLength(magnitude) + 1;
}

/** Returns the current cost of a magnitude in bits (a float), without its sign. */
export function costOfMagnitude(tables: AdaptiveTables, table: number, magnitude: number): number {
  return tables.cost(table, Math.min(magnitude, ESCAPE)) + escapeBits(magnitude);
}

/**
 * Appends a magnitude: the symbols 0..14 of a table of 16, or its escape and an Elias gamma code of the rest.
 *
 * @throws RangeError if `magnitude` is not an integer in 0..16383.
 */
export function encodeMagnitude(encoder: RansEncoder, tables: AdaptiveTables, table: number, magnitude: number): void {
  if (magnitude < ESCAPE) {
    tables.encode(encoder, table, magnitude);
    return;
  }
  if (!(magnitude <= MAGNITUDE_LIMIT)) {
    throw new RangeError(`magnitude ${magnitude} is outside 0..${MAGNITUDE_LIMIT}`);
  }
  tables.encode(encoder, table, ESCAPE);
  const length = escapeLength(magnitude);
  for (let index = 0; index < length; index++) encoder.bits(1, 1);
  encoder.bits(0, 1);
  encoder.bits(magnitude - ESCAPE + 1 - (1 << length), length);
}

/**
 * Reads a magnitude, 0..16383.
 *
 * @throws BitstreamError if it is larger or the stream ends.
 */
export function decodeMagnitude(decoder: RansDecoder, tables: AdaptiveTables, table: number): number {
  const symbol = tables.decode(decoder, table);
  if (symbol < ESCAPE) return symbol;
  let length = 0;
  while (decoder.bits(1) === 1) {
    length++;
    if (length > ESCAPE_LENGTH_LIMIT) {
      throw new BitstreamError('a magnitude has too long an escape', { field: 'magnitude' });
    }
  }
  const magnitude = ESCAPE + (1 << length) - 1 + decoder.bits(length);
  if (magnitude > MAGNITUDE_LIMIT) {
    throw new BitstreamError(`magnitude ${magnitude} exceeds ${MAGNITUDE_LIMIT}`, {
      field: 'magnitude',
    });
  }
  return magnitude;
}
