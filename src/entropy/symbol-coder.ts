import type { AdaptiveTables } from './adaptive-tables.js';
import { costOfMagnitude, decodeMagnitude, encodeMagnitude, ESCAPE } from './magnitude.js';
import type { RansDecoder } from './rans-decoder.js';
import type { RansEncoder } from './rans-encoder.js';

/**
 * One interface for reading and writing, so each syntax is written only once. Every call takes the value to write and
 * returns the value in the stream. A writer returns its argument. A reader ignores its argument and returns the value
 * that it read.
 */
export interface SymbolCoder {
  /** Codes a symbol of the alphabet of `tables`, with probability table `table`. */
  symbol(tables: AdaptiveTables, table: number, value: number): number;
  /** Codes `count` (0..15) raw bits. */
  bits(value: number, count: number): number;
  /** Codes a magnitude, 0..16383, with probability table `table` of 16 symbols. */
  magnitude(tables: AdaptiveTables, table: number, value: number): number;
}

/** Writes values to a {@link RansEncoder}. */
export class SymbolWriter implements SymbolCoder {
  readonly #encoder: RansEncoder;

  constructor(encoder: RansEncoder) {
    this.#encoder = encoder;
  }

  symbol(tables: AdaptiveTables, table: number, value: number): number {
    tables.encode(this.#encoder, table, value);
    return value;
  }

  bits(value: number, count: number): number {
    this.#encoder.bits(value, count);
    return value;
  }

  magnitude(tables: AdaptiveTables, table: number, value: number): number {
    encodeMagnitude(this.#encoder, tables, table, value);
    return value;
  }
}

/** Reads values from a {@link RansDecoder}; it ignores the values of its arguments. */
export class SymbolReader implements SymbolCoder {
  readonly #decoder: RansDecoder;

  constructor(decoder: RansDecoder) {
    this.#decoder = decoder;
  }

  symbol(tables: AdaptiveTables, table: number, _value: number): number {
    return tables.decode(this.#decoder, table);
  }

  bits(_value: number, count: number): number {
    return this.#decoder.bits(count);
  }

  magnitude(tables: AdaptiveTables, table: number, _value: number): number {
    return decodeMagnitude(this.#decoder, tables, table);
  }
}

/** Adds up the information content of the coded values and adapts the tables, but writes nothing. */
export class CostCounter implements SymbolCoder {
  /** The number of bits so far (a float). */
  bitCount = 0;

  symbol(tables: AdaptiveTables, table: number, value: number): number {
    this.bitCount += tables.cost(table, value);
    tables.adapt(table, value);
    return value;
  }

  bits(value: number, count: number): number {
    this.bitCount += count;
    return value;
  }

  magnitude(tables: AdaptiveTables, table: number, value: number): number {
    this.bitCount += costOfMagnitude(tables, table, value);
    tables.adapt(table, Math.min(value, ESCAPE));
    return value;
  }
}

/** Adapts the tables as coding would, and does nothing else. */
export class TableAdapter implements SymbolCoder {
  symbol(tables: AdaptiveTables, table: number, value: number): number {
    tables.adapt(table, value);
    return value;
  }

  bits(value: number, _count: number): number {
    return value;
  }

  magnitude(tables: AdaptiveTables, table: number, value: number): number {
    tables.adapt(table, Math.min(value, ESCAPE));
    return value;
  }
}
