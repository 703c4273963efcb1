// Coding of a block's transform tokens (docs/FORMAT.md section 8, "Tokens"): contexts, magnitudes, signs, adaptation of
// tables and the entropy coder's steps in one call. `codec/transform/coefficient-syntax.ts` is the same in a form that is
// easier to read.
import { tokenMagnitudes } from './scratch';
import { CONTEXTS, ESCAPE, MAGNITUDE_LIMIT, MAGNITUDES, NEAR_SIZES, NEIGHBOUR_LIMIT, NEIGHBOURS, PARTS } from './sizes';
import { SCALES, TOKENS, TOKEN_KINDS } from './sizes';

/** What the coder needs and what it leaves; addresses and numbers, int32 each. */
@unmanaged
class CoefficientCoding {
  /** uint16 [3 kinds, 32 scales, 8 contexts][16], then [3 kinds, 32 scales, 7 near sizes, 5 parts][16]. */
  tables: usize;
  /** uint8 [3 kinds, 256, 6]: earlier tokens around each token. */
  neighbours: usize;
  /** uint8: the context of a sum of magnitudes. */
  contextOfSum: usize;
  /** uint8 [256]: the part of each token. */
  parts: usize;
  /** uint8 [16]: what stands for each magnitude in the prior's inputs. */
  codes: usize;
  /** Reading: the state of the entropy decoder, the next byte and the end of the coded stream. */
  state: u32;
  position: usize;
  end: usize;
  /** 0, or the first thing that was wrong. */
  failure: i32;
  /** Writing: uint32 symbols of the entropy encoder. */
  symbols: usize;
}

/** Values of `failure`. */
const TOO_SHORT: i32 = 1;
const TOO_LONG_ESCAPE: i32 = 2;
const TOO_LARGE: i32 = 3;

const TABLE_BITS: u32 = 15;
const SLOTS: u32 = (1 << TABLE_BITS) - 1;
const STATE_LOWER: u32 = 1 << 23;
/** The largest number of 1 bits in the length code of an escape. */
const ESCAPE_LENGTH_LIMIT: i32 = 14;
/** Adaptation shift of these tables. */
const RATE: i32 = 7;
/** A table's bytes, as a shift. */
const TABLE_SHIFT: i32 = 5;
const NEAR_TABLES: i32 = TOKEN_KINDS * SCALES * CONTEXTS;

/**
 * Reads the tokens of a block.
 *
 * @param coefficients int16 [count].
 * @param scales uint8 [count], 0..31.
 * @param kind 0: a 16x16 transform, 1: four of 8x8, 2: chroma.
 * @param codes uint8 [count] of the prior's inputs.
 */
export function readCoefficients(
  coding: CoefficientCoding,
  coefficients: usize,
  scales: usize,
  codes: usize,
  count: i32,
  kind: i32,
): void {
  // A token without a neighbour refers to the last one, which is nobody's neighbour.
  store<u8>(tokenMagnitudes + TOKENS - 1, 0);
  let list = coding.neighbours + kind * TOKENS * NEIGHBOURS;
  for (let i = 0; i < count; i++, list += NEIGHBOURS) {
    const sums = sumsAround(list);
    const scale = load<u8>(scales + i);
    const first = firstTable(coding, kind, scale, sums);
    const near = nearTable(coding, kind, scale, sums, i);
    // Twice the frequencies of the mean of both tables are summed; all of them are 65536.
    const limit: u32 = 2 * (coding.state & SLOTS) + 1;
    let symbol = 0;
    let before: u32 = 0;
    let sum: u32 = <u32>load<u16>(first) + <u32>load<u16>(near);
    while (sum <= limit) {
      before = sum;
      symbol++;
      sum += <u32>load<u16>(first + (symbol << 1)) + <u32>load<u16>(near + (symbol << 1));
    }
    advance(coding, before >> 1, (sum >> 1) - (before >> 1));
    adapt(first, symbol);
    adapt(near, symbol);
    let magnitude = symbol;
    if (symbol == ESCAPE) magnitude = readEscape(coding);
    if (coding.failure != 0) return;
    store<u8>(tokenMagnitudes + i, min(magnitude, 255));
    store<u8>(codes + i, load<u8>(coding.codes + symbol));
    const isNegative = magnitude != 0 && readBits(coding, 1) != 0;
    store<i16>(coefficients + (i << 1), isNegative ? -magnitude : magnitude);
  }
}

/** Writes the tokens of a block; returns the number of symbols. The rest is as in `readCoefficients`. */
export function writeCoefficients(
  coding: CoefficientCoding,
  coefficients: usize,
  scales: usize,
  codes: usize,
  count: i32,
  kind: i32,
): i32 {
  store<u8>(tokenMagnitudes + TOKENS - 1, 0);
  let list = coding.neighbours + kind * TOKENS * NEIGHBOURS;
  let to = coding.symbols;
  for (let i = 0; i < count; i++, list += NEIGHBOURS) {
    const sums = sumsAround(list);
    const scale = load<u8>(scales + i);
    const first = firstTable(coding, kind, scale, sums);
    const near = nearTable(coding, kind, scale, sums, i);
    const value = <i32>load<i16>(coefficients + (i << 1));
    const magnitude = abs(value);
    const symbol = min(magnitude, ESCAPE);
    let before: u32 = 0;
    for (let index = 0; index < symbol; index++) {
      before += <u32>load<u16>(first + (index << 1)) + <u32>load<u16>(near + (index << 1));
    }
    const sum = before + <u32>load<u16>(first + (symbol << 1)) + <u32>load<u16>(near + (symbol << 1));
    to = writeSymbol(to, before >> 1, (sum >> 1) - (before >> 1));
    adapt(first, symbol);
    adapt(near, symbol);
    if (symbol == ESCAPE) {
      if (magnitude > MAGNITUDE_LIMIT) {
        coding.failure = TOO_LARGE;
        return 0;
      }
      to = writeEscape(to, magnitude);
    }
    store<u8>(tokenMagnitudes + i, min(magnitude, 255));
    store<u8>(codes + i, load<u8>(coding.codes + symbol));
    if (magnitude != 0) to = writeBits(to, value < 0 ? 1 : 0, 1);
  }
  return <i32>((to - coding.symbols) >> 2);
}

/** The sum of the magnitudes around a token, each at most 3; and from bit 8 on that of the two nearest, at most 6. */
// @ts-ignore: decorator
@inline
function sumsAround(list: usize): i32 {
  let sum = 0;
  let near = 0;
  for (let n = 0; n < NEIGHBOURS; n++) {
    const magnitude = <i32>load<u8>(tokenMagnitudes + load<u8>(list + n));
    sum += min(magnitude, NEIGHBOUR_LIMIT);
    if (n < 2) near += magnitude;
  }
  return sum | (min(near, NEAR_SIZES - 1) << 8);
}

// @ts-ignore: decorator
@inline
function firstTable(coding: CoefficientCoding, kind: i32, scale: i32, sums: i32): usize {
  const context = load<u8>(coding.contextOfSum + (sums & 255));
  return coding.tables + (((kind * SCALES + scale) * CONTEXTS + context) << TABLE_SHIFT);
}

// @ts-ignore: decorator
@inline
function nearTable(coding: CoefficientCoding, kind: i32, scale: i32, sums: i32, token: i32): usize {
  const part = load<u8>(coding.parts + token);
  return (
    coding.tables + ((NEAR_TABLES + ((kind * SCALES + scale) * NEAR_SIZES + (sums >> 8)) * PARTS + part) << TABLE_SHIFT)
  );
}

/** Moves a table towards a symbol: each frequency f falls by (f - 1) >> RATE, the symbol's rises by the sum. */
// @ts-ignore: decorator
@inline
function adapt(table: usize, symbol: i32): void {
  const a = v128.load(table);
  const b = v128.load(table, 16);
  const one = i16x8.splat(1);
  const lowerA = i16x8.shr_u(i16x8.sub(a, one), RATE);
  const lowerB = i16x8.shr_u(i16x8.sub(b, one), RATE);
  // The sum in all lanes.
  let sum = i16x8.add(lowerA, lowerB);
  sum = i16x8.add(sum, i16x8.shuffle(sum, sum, 4, 5, 6, 7, 0, 1, 2, 3));
  sum = i16x8.add(sum, i16x8.shuffle(sum, sum, 2, 3, 0, 1, 6, 7, 4, 5));
  sum = i16x8.add(sum, i16x8.shuffle(sum, sum, 1, 0, 3, 2, 5, 4, 7, 6));
  const lane = i16x8.splat(<i16>symbol);
  const riseA = v128.and(sum, i16x8.eq(lane, i16x8(0, 1, 2, 3, 4, 5, 6, 7)));
  const riseB = v128.and(sum, i16x8.eq(lane, i16x8(8, 9, 10, 11, 12, 13, 14, 15)));
  v128.store(table, i16x8.add(i16x8.sub(a, lowerA), riseA));
  v128.store(table, i16x8.add(i16x8.sub(b, lowerB), riseB), 16);
}

/** Removes a symbol from the entropy decoder's state (`entropy/rans-decoder.ts`). */
// @ts-ignore: decorator
@inline
function advance(coding: CoefficientCoding, start: u32, frequency: u32): void {
  let state = frequency * (coding.state >> TABLE_BITS) + (coding.state & SLOTS) - start;
  while (state < STATE_LOWER) {
    if (coding.position == coding.end) {
      if (coding.failure == 0) coding.failure = TOO_SHORT;
      state = STATE_LOWER;
      break;
    }
    state = (state << 8) | <u32>load<u8>(coding.position);
    coding.position++;
  }
  coding.state = state;
}

// @ts-ignore: decorator
@inline
function readBits(coding: CoefficientCoding, count: u32): u32 {
  const shift = TABLE_BITS - count;
  const value = (coding.state & SLOTS) >> shift;
  advance(coding, value << shift, 1 << shift);
  return value;
}

function readEscape(coding: CoefficientCoding): i32 {
  let length = 0;
  while (readBits(coding, 1) == 1) {
    length++;
    if (length > ESCAPE_LENGTH_LIMIT && coding.failure == 0) coding.failure = TOO_LONG_ESCAPE;
    if (coding.failure != 0) return 0;
  }
  const magnitude = ESCAPE + (1 << length) - 1 + <i32>readBits(coding, length);
  if (magnitude > MAGNITUDE_LIMIT && coding.failure == 0) coding.failure = TOO_LARGE;
  return magnitude;
}

/** Appends a symbol for the entropy encoder (`entropy/rans-encoder.ts`); returns where the next one stands. */
// @ts-ignore: decorator
@inline
function writeSymbol(to: usize, start: u32, frequency: u32): usize {
  store<u32>(to, (start << 16) | frequency);
  return to + 4;
}

// @ts-ignore: decorator
@inline
function writeBits(to: usize, value: u32, count: u32): usize {
  const shift = TABLE_BITS - count;
  return writeSymbol(to, value << shift, 1 << shift);
}

function writeEscape(to: usize, magnitude: i32): usize {
  const rest = magnitude - ESCAPE + 1;
  const length = 31 - clz(rest);
  for (let index = 0; index < length; index++) to = writeBits(to, 1, 1);
  to = writeBits(to, 0, 1);
  return writeBits(to, rest - (1 << length), length);
}
