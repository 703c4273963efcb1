import { AdaptiveTables, type SavedTables } from '../../entropy/adaptive-tables.js';
import type { PackTables } from './pack-tables.js';
import { MAGNITUDES } from './token-contexts.js';

/** Adaptation shift of the coefficient tables (FORMAT.md section 7). */
const COEFFICIENT_RATE = 7;

type ModeTableName = keyof PackTables['modeTables'];

/** Frequencies of the mode tables in memory that threads share. */
export type SharedModes = Readonly<Record<ModeTableName, SharedArrayBuffer>>;

/** Makes shared memory with the pack's frequencies. */
export function shareModes({ modeTables }: PackTables): SharedModes {
  const shared: Partial<Record<ModeTableName, SharedArrayBuffer>> = {};
  for (const name of Object.keys(modeTables) as ModeTableName[]) {
    const { data } = modeTables[name];
    shared[name] = new SharedArrayBuffer(data.byteLength);
    new Uint16Array(shared[name]).set(data);
  }
  return shared as SharedModes;
}

/** The state of {@link ProbabilityTables} at one time. */
export interface SavedProbabilities {
  readonly modes: readonly SavedTables[];
  readonly coefficients: SavedTables;
}

/** All adaptive probability tables of a stream. They are reset at each key frame. */
export class ProbabilityTables {
  readonly modes: Readonly<Record<ModeTableName, AdaptiveTables>>;
  /** [3 kinds, 32 scales, 8 contexts] tables of 16 symbols, then [3 kinds, 32 scales, 7 near sizes, 5 parts] ones. */
  readonly coefficients: AdaptiveTables;

  /**
   * @param shared memory for the mode tables; only one of the threads that share it may reset and adapt them.
   * @param coefficientMemory where the frequencies of `coefficients` stand, filled here. Default: memory of its own.
   */
  constructor(tables: PackTables, shared?: SharedModes, coefficientMemory?: Uint16Array) {
    const modes: Partial<Record<ModeTableName, AdaptiveTables>> = {};
    for (const name of Object.keys(tables.modeTables) as ModeTableName[]) {
      const { data, symbols } = tables.modeTables[name];
      const memory = shared && new Uint16Array(shared[name]);
      modes[name] = new AdaptiveTables(data, symbols, { rate: 'counted', memory });
    }
    this.modes = modes as Record<ModeTableName, AdaptiveTables>;
    // Not spread into arguments: they are too many for the small stacks of workers in browsers.
    const { coefficientTables, nearTables } = tables;
    const coefficients = new Uint16Array(coefficientTables.length + nearTables.length);
    coefficients.set(coefficientTables);
    coefficients.set(nearTables, coefficientTables.length);
    coefficientMemory?.set(coefficients);
    this.coefficients = new AdaptiveTables(coefficients, MAGNITUDES, {
      rate: COEFFICIENT_RATE,
      memory: coefficientMemory,
    });
  }

  /** Resets the tables to the pack's frequencies. */
  reset(): void {
    for (const tables of Object.values(this.modes)) tables.reset();
    this.coefficients.reset();
  }

  /** Returns a copy of the state of all tables. */
  save(): SavedProbabilities {
    return { modes: Object.values(this.modes).map((tables) => tables.save()), coefficients: this.coefficients.save() };
  }

  /** Puts all tables into a state that {@link save} gave. */
  restore({ modes, coefficients }: SavedProbabilities): void {
    Object.values(this.modes).forEach((tables, index) => {
      tables.restore(modes[index]!);
    });
    this.coefficients.restore(coefficients);
  }
}
