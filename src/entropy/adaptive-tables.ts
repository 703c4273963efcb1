import { ModelError } from '../errors.js';
import { information } from './information.js';
import type { RansDecoder } from './rans-decoder.js';
import type { RansEncoder } from './rans-encoder.js';
import { TABLE_TOTAL } from './rans-constants.js';

/** The rate of adaptation: a fixed shift, or `'counted'`: 4, later 5, then 6, by the number of symbols of the table. */
export interface AdaptiveTablesOptions {
  readonly rate: 'counted' | number;
  /**
   * Where the frequencies stand, uint16 [tables, symbols], filled already: threads and kernels that share it see what one of
   * them adapts. Default: memory of its own.
   */
  readonly memory?: Uint16Array | undefined;
}

/** The state of {@link AdaptiveTables} at one time. */
export interface SavedTables {
  readonly frequencies: Uint16Array;
  readonly counts: Uint8Array;
}

const COUNT_LIMIT = 255;
/** Pairs have the second table plus 1 in the bits from here on. */
const PAIR_SHIFT = 16;
const PAIR_MASK = (1 << PAIR_SHIFT) - 1;
/** The largest number of tables, so that a pair is a positive int32. */
const TABLES_LIMIT = (1 << 15) - 1;

/** Returns the number that stands for the mean of two tables wherever a number of a table is wanted. */
export function pairOf(first: number, second: number): number {
  return first | ((second + 1) << PAIR_SHIFT);
}

/** Returns the two tables of a pair, or the one table twice. */
export function tablesOf(table: number): [first: number, second: number] {
  const first = table & PAIR_MASK;
  const second = table >> PAIR_SHIFT;
  return [first, second === 0 ? first : second - 1];
}

/**
 * Probability tables of one alphabet, adapting as `docs/FORMAT.md` section 7 says. Wherever a table is wanted, a pair of
 * tables ({@link pairOf}) can be given: then the mean of both is used, and both adapt.
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
  /** The frequencies in pairs if the number of symbols is even. */
  readonly #pairs: Uint32Array | null;
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
    if (frequencies.length / symbols > TABLES_LIMIT) {
      throw new ModelError(`${frequencies.length / symbols} tables, at most ${TABLES_LIMIT} are allowed`);
    }
    if (options.rate !== 'counted' && !(Number.isInteger(options.rate) && options.rate >= 1 && options.rate <= 15)) {
      throw new RangeError(`adaptation rate ${options.rate} is outside 1..15`);
    }
    this.symbols = symbols;
    this.tables = frequencies.length / symbols;
    this.#initial = frequencies.slice();
    this.#frequencies = options.memory ?? frequencies.slice();
    const { buffer, byteOffset } = this.#frequencies;
    this.#pairs = symbols % 2 === 0 ? new Uint32Array(buffer, byteOffset, frequencies.length / 2) : null;
    this.#counts = new Uint8Array(this.tables);
    this.#fixedRate = options.rate === 'counted' ? 0 : options.rate;
    for (let table = 0; table < this.tables; table++) checkTable(frequencies, table, symbols);
  }

  /** Resets every table to its initial frequencies. */
  reset(): void {
    this.#frequencies.set(this.#initial);
    this.#counts.fill(0);
  }

  /** Returns a copy of the state of all tables. */
  save(): SavedTables {
    return { frequencies: this.#frequencies.slice(), counts: this.#counts.slice() };
  }

  /** Puts all tables into a state that {@link save} gave, of these tables or of others with the same shape. */
  restore({ frequencies, counts }: SavedTables): void {
    this.#frequencies.set(frequencies);
    this.#counts.set(counts);
  }

  /** Returns the current frequency of a symbol in one table, 1..32768. */
  frequency(table: number, symbol: number): number {
    return this.#frequencies[table * this.symbols + symbol] ?? 0;
  }

  /** Returns the current cost of a symbol in bits (a float, for decisions of the encoder). */
  cost(table: number, symbol: number): number {
    const second = table >> PAIR_SHIFT;
    const frequency = this.frequency(table & PAIR_MASK, symbol);
    return information(second === 0 ? frequency : (frequency + this.frequency(second - 1, symbol)) >> 1);
  }

  /**
   * Appends a symbol to `encoder` and adapts the table.
   *
   * @throws RangeError if there is no such table or symbol.
   */
  encode(encoder: RansEncoder, table: number, symbol: number): void {
    const [first, second] = tablesOf(table);
    this.#check(first, symbol);
    this.#check(second, symbol);
    const frequencies = this.#frequencies;
    const base = first * this.symbols;
    const other = second * this.symbols;
    let sum = 0;
    for (let index = 0; index < symbol; index++) sum += frequencies[base + index]! + frequencies[other + index]!;
    const start = sum >> 1;
    sum += frequencies[base + symbol]! + frequencies[other + symbol]!;
    encoder.encode(start, (sum >> 1) - start);
    this.#adapt(first, symbol);
    if (second !== first) this.#adapt(second, symbol);
  }

  /**
   * Reads a symbol from `decoder` and adapts the table.
   *
   * @throws BitstreamError if the stream ends.
   */
  decode(decoder: RansDecoder, table: number): number {
    const first = table & PAIR_MASK;
    const pair = table >> PAIR_SHIFT;
    const second = pair === 0 ? first : pair - 1;
    if (!(first >= 0 && first < this.tables)) this.#check(first, 0);
    if (!(second < this.tables)) this.#check(second, 0);
    const frequencies = this.#frequencies;
    const base = first * this.symbols;
    const other = second * this.symbols;
    // Twice the frequencies of the mean are summed. The loop ends within the tables: the sum is 65536.
    const limit = 2 * decoder.slot + 1;
    let symbol = 0;
    let before = 0;
    let sum = frequencies[base]! + frequencies[other]!;
    while (sum <= limit) {
      before = sum;
      symbol++;
      sum += (frequencies[base + symbol] ?? TABLE_TOTAL) + (frequencies[other + symbol] ?? TABLE_TOTAL);
    }
    const start = before >> 1;
    decoder.advance(start, (sum >> 1) - start);
    this.#adapt(first, symbol);
    if (second !== first) this.#adapt(second, symbol);
    return symbol;
  }

  /**
   * Adapts a table as coding `symbol` would, without coding it.
   *
   * @throws RangeError if there is no such table or symbol.
   */
  adapt(table: number, symbol: number): void {
    const [first, second] = tablesOf(table);
    this.#check(first, symbol);
    this.#check(second, symbol);
    this.#adapt(first, symbol);
    if (second !== first) this.#adapt(second, symbol);
  }

  #adapt(table: number, symbol: number): void {
    const frequencies = this.#frequencies;
    const base = table * this.symbols;
    const end = base + this.symbols;
    let rate = this.#fixedRate;
    if (rate === 0) {
      const count = this.#counts[table] ?? 0;
      rate = 4 + Math.min(count >> 4, 1);
      if (count < COUNT_LIMIT) this.#counts[table] = count + 1;
    }
    const change = this.#pairs === null ? this.#lower(base, end, rate) : this.#lowerPairs(base, end, rate);
    frequencies[base + symbol]! += change;
  }

  /** Lowers the frequencies at `base` .. `end` - 1; returns by how much in all. */
  #lower(base: number, end: number, rate: number): number {
    const frequencies = this.#frequencies;
    let sum = 0;
    for (let index = base; index < end; index++) {
      const change = (frequencies[index]! - 1) >> rate;
      frequencies[index]! -= change;
      sum += change;
    }
    return sum;
  }

  /** The same, two at a time: frequencies are at least 1, so nothing is carried from one half of a word to the other. */
  #lowerPairs(base: number, end: number, rate: number): number {
    const pairs = this.#pairs!;
    const mask = (0x7fff >> rate) * 0x10001;
    let sum = 0;
    for (let index = base >> 1; index < end >> 1; index++) {
      const pair = pairs[index]!;
      const change = ((pair - 0x10001) >>> rate) & mask;
      pairs[index] = pair - change;
      sum += change;
    }
    return (sum & 0xffff) + (sum >>> 16);
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
