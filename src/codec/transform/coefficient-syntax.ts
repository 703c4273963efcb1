import type { SymbolCoder } from '../../entropy/symbol-coder.js';
import { pairOf } from '../../entropy/adaptive-tables.js';
import type { PackTables } from './pack-tables.js';
import { isFirstOfBlock } from './block-order.js';
import {
  BLOCK_16,
  CHROMA_LIMIT,
  CHROMA_TOKENS,
  LUMA_LIMIT,
  LUMA_TOKENS,
  TOKENS_PER_BLOCK,
  type FrameTokens,
} from './frame-tokens.js';
import type { Scales } from './prior.js';
import type { ProbabilityTables } from './probability-tables.js';
import {
  CONTEXTS,
  NEAR_SIZES,
  NEIGHBOUR_LIMIT,
  NEIGHBOURS,
  NO_NEIGHBOUR,
  PARTS,
  SCALES,
  TOKEN_KINDS,
} from './token-contexts.js';

/** First table of a kind, in tables of [kind][scale][context]. */
const TABLES_PER_KIND = SCALES * CONTEXTS;
/** First of the tables of [kind][scale][near size][part], which stand behind those. */
const NEAR_TABLES = TOKEN_KINDS * TABLES_PER_KIND;
const NEAR_PER_SCALE = NEAR_SIZES * PARTS;
/** The part of each token, by its place in the order of its kind: parts begin at 0, 4, 16, 48, 128. */
export const PART_OF = Uint8Array.from({ length: LUMA_TOKENS }, (_, i) =>
  i < 4 ? 0 : i < 16 ? 1 : i < 48 ? 2 : i < 128 ? 3 : 4,
);

/**
 * Syntax of transform tokens (FORMAT.md section 8, step 3 and "Tokens"), for any coder. Streams are coded by
 * {@link CoefficientCoder}, which is several times faster. This one draws tokens and writes invalid streams for tests, and
 * says what the other must do.
 */
export class CoefficientSyntax {
  readonly #probabilities: ProbabilityTables;
  readonly #neighbours: Uint8Array;
  readonly #contextOfSum: Uint8Array;
  /** Coded tokens of a macroblock at most, by kind: 16x16, four 8x8, chroma. */
  readonly #available: readonly [number, number, number];

  constructor(tables: ProbabilityTables, pack: PackTables) {
    this.#probabilities = tables;
    this.#neighbours = pack.contextNeighbours;
    this.#contextOfSum = pack.contextOfSum;
    this.#available = [pack.basis16.atoms, 4 * pack.basis8.atoms, 2 * pack.basisChroma.atoms];
  }

  /**
   * Codes the tokens of one pass.
   *
   * @param pass 0: macroblocks with even row + column, 1: the others.
   * @param scales the scales of this pass, from the prior.
   */
  code(coder: SymbolCoder, tokens: FrameTokens, pass: 0 | 1, { scale, index }: Scales): void {
    visitTokens(tokens, pass, this.#available, (at, base, first, count, kind) => {
      this.#codeBlock(
        coder,
        tokens.coefficients,
        base + first,
        count,
        kind,
        scale,
        index[at]! * TOKENS_PER_BLOCK + first,
      );
    });
  }

  #codeBlock(
    coder: SymbolCoder,
    coefficients: Int16Array,
    base: number,
    count: number,
    kind: 0 | 1 | 2,
    scale: Uint8Array,
    scaleAt: number,
  ): void {
    const neighbours = this.#neighbours;
    const contextOfSum = this.#contextOfSum;
    const tables = this.#probabilities.coefficients;
    // Locals, because an imported constant is read from memory each time.
    const neighbourCount = NEIGHBOURS;
    const none = NO_NEIGHBOUR;
    const largest = NEIGHBOUR_LIMIT;
    const contexts = CONTEXTS;
    const nearLimit = NEAR_SIZES - 1;
    const parts = PARTS;
    const nearOfKind = NEAR_TABLES + kind * SCALES * NEAR_PER_SCALE;
    const nearPerScale = NEAR_PER_SCALE;
    const partOf = PART_OF;
    let list = kind * LUMA_TOKENS * neighbourCount;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      let near = 0;
      for (let n = 0; n < neighbourCount; n++) {
        const index = neighbours[list + n]!;
        if (index === none) continue;
        const value = coefficients[base + index]!;
        const magnitude = value < 0 ? -value : value;
        sum += magnitude < largest ? magnitude : largest;
        if (n < 2) near += magnitude;
      }
      list += neighbourCount;
      const own = scale[scaleAt + i]!;
      const first = kind * TABLES_PER_KIND + own * contexts + contextOfSum[sum]!;
      const size = near < nearLimit ? near : nearLimit;
      const table = pairOf(first, nearOfKind + own * nearPerScale + size * parts + partOf[i]!);
      const value = coefficients[base + i]!;
      const magnitude = coder.magnitude(tables, table, value < 0 ? -value : value);
      if (magnitude === 0) coefficients[base + i] = 0;
      else coefficients[base + i] = coder.bits(value < 0 ? 1 : 0, 1) === 1 ? -magnitude : magnitude;
    }
  }
}

/**
 * Visits the coded tokens of one pass in coding order.
 *
 * @param available coded tokens of a macroblock at most, by kind: 16x16, four 8x8, chroma.
 * @param visit receives the macroblock, where its tokens begin, and of these the first one, the number and the kind.
 */
export function visitTokens(
  tokens: FrameTokens,
  pass: 0 | 1,
  available: readonly [number, number, number],
  visit: (at: number, base: number, first: number, count: number, kind: 0 | 1 | 2) => void,
): void {
  const { geometry, blockSize, lumaGroups, chromaGroups, transform } = tokens;
  const { rows, columns } = geometry;
  for (let row = 0; row < rows; row++) {
    for (let column = (row + pass) & 1; column < columns; column += 2) {
      const at = row * columns + column;
      if (lumaGroups[at]! + chromaGroups[at]! === 0 || !isFirstOfBlock(tokens, row, column)) continue;
      const isLarge = blockSize[at]! > BLOCK_16;
      const luma = LUMA_LIMIT[lumaGroups[at]!]!;
      const chroma = CHROMA_LIMIT[chromaGroups[at]!]!;
      const base = at * TOKENS_PER_BLOCK;
      if (luma > 0) {
        const kind = transform[at] === 1 ? 1 : 0;
        visit(at, base, 0, isLarge ? luma : Math.min(luma, available[kind]), kind);
      }
      if (chroma > 0) visit(at, base, CHROMA_TOKENS, isLarge ? chroma : Math.min(chroma, available[2]), 2);
    }
  }
}
