import { ModelError } from '../errors.js';
import { information } from './information.js';
import type { RansDecoder } from './rans-decoder.js';
import type { RansEncoder } from './rans-encoder.js';
import { TABLE_TOTAL } from './rans-constants.js';

/** The rate of adaptation: a fixed shift, or `'counted'`: 4, later 5, then 6, by the number of symbols of the table. */
export interface AdaptiveTablesOptions {
  readonly rate: 'counted' | number;
}

const COUNT_LIMIT = 255;

/**
 * Probability tables of one alphabet, adapting as `docs/FORMAT.md` section 7 says.
 *
 * Frequencies of table `t` stand at `t * symbols`. Adaptation never brings a frequency below 1 (`f - ((f - 1) >> rate)`
 * is at least 1 for `f >= 1`) and restores the sum exactly, so a table always stays valid.
 */
export class AdaptiveTables {
  /** Symbols of the alphabet. */
  readonly symbols: number;
  /** Number of tables. */
  readonly tables: number;
  readonly #initial: Uint16Array;
  readonly #frequencies: Uint16Array;
  readonly #counts: Uint8Array;
  /** The shift of every step, or 0 for the counted rate. */
  readonly #fixedRate: number;

  /**
   * @param frequencies `[tables, symbols]`, each at least 1, each row with the sum 32768; copied.
   * @param symbols symbols of the alphabet, 1..64.
   * @throws ModelError if a row is not a valid table.
   */
  constructor(frequencies: Uint16Array, symbols: number, options: AdaptiveTablesOptions) {
    if (!Number.isInteger(symbols) || symbols < 1 || symbols > 64 || frequencies.length % symbols !== 0) {
      throw new ModelError(`${frequencies.length} frequencies are no tables of ${symbols} symbols`);
    }
    if (options.rate !== 'counted' && !(Number.isInteger(options.rate) && options.rate >= 1 && options.rate <= 15)) {
      throw new RangeError(`adaptation rate ${options.rate} is outside 1..15`);
    }
    this.symbols = symbols;
    this.tables = frequencies.length / symbols;
    this.#initial = frequencies.slice();
    this.#frequencies = frequencies.slice();
    this.#counts = new Uint8Array(this.tables);
    this.#fixedRate = options.rate === 'counted' ? 0 : options.rate;
    for (let table = 0; table < this.tables; table++) checkTable(frequencies, table, symbols);
  }

  /** Resets every table to its initial frequencies. */
  reset(): void {
    this.#frequencies.set(this.#initial);
    this.#counts.fill(0);
  }

  /** Returns the current frequency of a symbol, 1..32768. */
  frequency(table: number, symbol: number): number {
    return this.#frequencies[table * this.symbols + symbol] ?? 0;
  }

  /** Returns the current cost of a symbol in bits (a float, for decisions of the encoder). */
  cost(table: number, symbol: number): number {
    return information(this.frequency(table, symbol));
  }

  /**
   * Appends a symbol to `encoder` and adapts the table.
   *
   * @throws RangeError if there is no such table or symbol.
   */
  encode(encoder: RansEncoder, table: number, symbol: number): void {
    this.#check(table, symbol);
    const base = table * this.symbols;
    const frequencies = this.#frequencies;
    let start = 0;
    for (let index = base; index < base + symbol; index++) start += frequencies[index] ?? 0;
    encoder.encode(start, frequencies[base + symbol] ?? 0);
    this.#adapt(table, symbol);
  }

  /**
   * Reads a symbol from `decoder` and adapts the table.
   *
   * @throws BitstreamError if the stream ends.
   */
  decode(decoder: RansDecoder, table: number): number {
    if (!(table >= 0 && table < this.tables)) this.#check(table, 0);
    const frequencies = this.#frequencies;
    const base = table * this.symbols;
    const slot = decoder.slot;
    let index = base;
    let start = 0;
    let frequency = frequencies[index] ?? 0;
    // The loop ends within the table: the sum of its frequencies is 32768, and the slot is below that.
    while (slot >= start + frequency) {
      start += frequency;
      frequency = frequencies[++index] ?? TABLE_TOTAL;
    }
    decoder.advance(start, frequency);
    const symbol = index - base;
    this.#adapt(table, symbol);
    return symbol;
  }

  /**
   * Adapts a table as coding `symbol` would, without coding it.
   *
   * @throws RangeError if there is no such table or symbol.
   */
  adapt(table: number, symbol: number): void {
    this.#check(table, symbol);
    this.#adapt(table, symbol);
  }

  #adapt(table: number, symbol: number): void {
    const frequencies = this.#frequencies;
    const base = table * this.symbols;
    const end = base + this.symbols;
    let rate = this.#fixedRate;
    if (rate === 0) {
      const count = this.#counts[table] ?? 0;
      rate = 4 + Math.min(count >> 4, 2);
      if (count < COUNT_LIMIT) this.#counts[table] = count + 1;
    }
    let lacking = TABLE_TOTAL;
    for (let index = base; index < end; index++) {
      const frequency = frequencies[index] ?? 0;
      const smaller = frequency - ((frequency - 1) >> rate);
      frequencies[index] = smaller;
      lacking -= smaller;
    }
    frequencies[base + symbol] = (frequencies[base + symbol] ?? 0) + lacking;
  }

  #check(table: number, symbol: number): void {
    if (!(table >= 0 && table < this.tables && symbol >= 0 && symbol < this.symbols)) {
      throw new RangeError(
        `symbol ${symbol} of table ${table} is outside ${this.tables} tables of ${this.symbols} symbols`,
      );
    }
  }
}

function checkTable(frequencies: Uint16Array, table: number, symbols: number): void {
  let sum = 0;
  for (let symbol = 0; symbol < symbols; symbol++) {
    const frequency = frequencies[table * symbols + symbol] ?? 0;
    if (frequency < 1) {
      throw new ModelError(`probability table ${table}: frequency of symbol ${symbol} is zero`);
    }
    sum += frequency;
  }
  if (sum !== TABLE_TOTAL) {
    throw new ModelError(`probability table ${table}: sum is ${sum}, not ${TABLE_TOTAL}`);
  }
}
