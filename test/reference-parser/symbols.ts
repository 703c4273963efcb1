import { must } from './container.js';
import type { ReferencePack } from './pack.js';

/** Section 7, with integers of any size. */
export class SymbolStream {
  #state: bigint;
  #position = 4;

  constructor(readonly bytes: Uint8Array) {
    must(bytes.length >= 4, 'a coded stream begins with its state');
    this.#state = BigInt(Buffer.from(bytes).readUInt32LE(0));
    must(this.#state >= 2n ** 23n && this.#state < 2n ** 31n, 'state');
  }

  /** Decodes the index of the frequency that the slot falls into; of the mean of two tables if there are two. */
  symbol(frequencies: readonly number[], others: readonly number[] = frequencies): number {
    const slot = Number(this.#state & 32767n);
    let twice = 0;
    let start: number;
    let end = 0;
    let symbol = 0;
    for (; ; symbol++) {
      const [frequency, other] = [frequencies[symbol], others[symbol]];
      must(frequency !== undefined && other !== undefined, 'a table sums to 32768');
      start = end;
      twice += frequency + other;
      end = Math.floor(twice / 2);
      if (slot < end) break;
    }
    this.#state = BigInt(end - start) * (this.#state >> 15n) + BigInt(slot - start);
    while (this.#state < 2n ** 23n) {
      must(this.#position < this.bytes.length, 'a coded stream has enough bytes');
      this.#state = this.#state * 256n + BigInt(this.bytes[this.#position++] ?? 0);
    }
    return symbol;
  }

  bits(count: number): number {
    return this.symbol(Array.from({ length: 2 ** count }, () => 2 ** (15 - count)));
  }

  end(): void {
    must(this.#state === 2n ** 23n && this.#position === this.bytes.length, 'a coded stream ends with L');
  }
}

interface AdaptiveTable {
  frequencies: number[];
  count: number;
}

/** All adaptive tables of a stream, by name and context. */
export class TableSet {
  readonly #pack: ReferencePack;
  #tables = new Map<string, AdaptiveTable>();
  #kept = new Map<string, AdaptiveTable>();

  constructor(pack: ReferencePack) {
    this.#pack = pack;
  }

  /** Tables start from the pack's values at each key frame. */
  reset(): void {
    this.#tables = new Map();
  }

  /** Keeps the state of all tables for {@link restore}. */
  keep(): void {
    this.#kept = copyOf(this.#tables);
  }

  restore(): void {
    this.#tables = copyOf(this.#kept);
  }

  /** Decodes a symbol with a mode table, or with two: `second` is a row of the table too. */
  mode(stream: SymbolStream, name: string, context: number, second = context): number {
    const rows = [context, second].map((row) => ({ name: `modeTables.${name}`, row }));
    return this.#decode(stream, rows, (count) => 4 + Math.min(count >> 4, 1));
  }

  /** Decodes a magnitude. */
  magnitude(stream: SymbolStream, kind: number, scale: number, context: number, near: number, part: number): number {
    const rows = [
      { name: 'coefficientTables', row: (kind * 32 + scale) * 8 + context },
      { name: 'nearTables', row: ((kind * 32 + scale) * 7 + near) * 5 + part },
    ];
    const symbol = this.#decode(stream, rows, () => 7);
    if (symbol < 15) return symbol;
    let ones = 0;
    while (stream.bits(1) === 1) {
      ones++;
      must(ones <= 14, 'an escape has at most 14 ones');
    }
    const magnitude = 15 + 2 ** ones - 1 + stream.bits(ones);
    must(magnitude <= 32767 / 2, 'magnitude');
    return magnitude;
  }

  /** Decodes a bit with a table of section 13. */
  bit(stream: SymbolStream, table: number): number {
    return this.#decode(stream, [{ name: 'bitTables', row: table }], () => 7);
  }

  #decode(
    stream: SymbolStream,
    rows: readonly { name: string; row: number }[],
    rate: (count: number) => number,
  ): number {
    const tables = new Set(rows.map(({ name, row }) => this.#table(name, row)));
    const symbol = stream.symbol(...([...tables].map(({ frequencies }) => frequencies) as [number[], number[]?]));
    for (const table of tables) {
      const shift = rate(table.count);
      table.frequencies = table.frequencies.map((frequency) => frequency - ((frequency - 1) >> shift));
      const lacking = 32768 - table.frequencies.reduce((sum, frequency) => sum + frequency, 0);
      table.frequencies[symbol] = (table.frequencies[symbol] ?? 0) + lacking;
      table.count = Math.min(table.count + 1, 255);
    }
    return symbol;
  }

  #table(name: string, row: number): AdaptiveTable {
    const key = `${name}[${row}]`;
    let table = this.#tables.get(key);
    if (table === undefined) {
      const { shape, values } = this.#pack.table(name);
      const symbols = shape.at(-1) ?? 0;
      const frequencies = values.slice(row * symbols, (row + 1) * symbols);
      must(frequencies.length === symbols, `context ${row} of ${name}`);
      table = { frequencies, count: 0 };
      this.#tables.set(key, table);
    }
    return table;
  }
}

function copyOf(tables: ReadonlyMap<string, AdaptiveTable>): Map<string, AdaptiveTable> {
  return new Map([...tables].map(([key, { frequencies, count }]) => [key, { frequencies: [...frequencies], count }]));
}
