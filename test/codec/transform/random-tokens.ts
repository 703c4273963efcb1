import { CoefficientSyntax } from '../../../src/codec/transform/coefficient-syntax.js';
import type { FrameHeader } from '../../../src/codec/frame-header.js';
import { FrameTokens, TOKENS_PER_BLOCK, type Geometry } from '../../../src/codec/transform/frame-tokens.js';
import { ModeSyntax } from '../../../src/codec/transform/mode-syntax.js';
import { ProbabilityTables } from '../../../src/codec/transform/probability-tables.js';
import { TemporalMotion } from '../../../src/codec/transform/temporal-motion.js';
import type { AdaptiveTables } from '../../../src/entropy/adaptive-tables.js';
import { MAGNITUDE_LIMIT } from '../../../src/entropy/magnitude.js';
import type { SymbolCoder } from '../../../src/entropy/symbol-coder.js';
import type { PackTables } from '../../../src/codec/transform/pack-tables.js';
import { integer } from '../../kernels/arena.js';

/** Reads from chance instead of a stream: what it gives is syntactically valid. */
class ChanceCoder implements SymbolCoder {
  readonly #random: () => number;
  /** Largest symbol to give, where it is less than the table's last. */
  readonly #largest: ReadonlyMap<AdaptiveTables, number>;
  /** A table that gives no two zeros in a row, and whether it gave one. */
  readonly #noZeros: AdaptiveTables;
  #wasZero = false;

  constructor(random: () => number, largest: ReadonlyMap<AdaptiveTables, number>, noZeros: AdaptiveTables) {
    this.#random = random;
    this.#largest = largest;
    this.#noZeros = noZeros;
  }

  symbol(tables: AdaptiveTables, _table: number, _value: number): number {
    const isCareful = tables === this.#noZeros;
    const value = integer(
      this.#random,
      isCareful && this.#wasZero ? 1 : 0,
      this.#largest.get(tables) ?? tables.symbols - 1,
    );
    if (isCareful) this.#wasZero = value === 0;
    return value;
  }

  bits(_value: number, count: number): number {
    return integer(this.#random, 0, 2 ** count - 1);
  }

  magnitude(): number {
    const kind = this.#random();
    if (kind < 0.6) return 0;
    if (kind < 0.95) return integer(this.#random, 1, 4);
    return integer(this.#random, 5, kind < 0.99 ? 40 : MAGNITUDE_LIMIT);
  }
}

/**
 * Any tokens that a frame with this head may have.
 *
 * @param temporal what earlier frames of the same stream left; nothing, if it is not given.
 */
export function randomTokens(
  geometry: Geometry,
  pack: PackTables,
  header: FrameHeader,
  random: () => number,
  temporal = new TemporalMotion(),
): FrameTokens {
  const tables = new ProbabilityTables(pack);
  const tokens = new FrameTokens(geometry);
  const coder = new ChanceCoder(
    random,
    new Map([
      [tables.modes.basis16, pack.interBasis16.length - 1],
      [tables.modes.basis8, pack.interBasis8.length - 1],
      // Up to 128 samples at a time: so vectors leave the picture, but stay far from their limit.
      [tables.modes.motionClass, 10],
    ]),
    // A new vector that equals the predicted one is often a candidate: a writer would name that.
    tables.modes.motionClass,
  );
  new ModeSyntax(tables, pack, temporal).code(coder, header, tokens);
  const coefficients = new CoefficientSyntax(tables, pack);
  // Which scales a prior would give plays no part in what is drawn.
  const scales = {
    scale: new Uint8Array(TOKENS_PER_BLOCK),
    index: new Int32Array(tokens.type.length),
  };
  coefficients.code(coder, tokens, 0, scales);
  coefficients.code(coder, tokens, 1, scales);
  return tokens;
}
