import type { FrameHeader } from '../frame-header.js';
import { isFirstOfBlock } from './block-order.js';
import {
  AVERAGE,
  BLOCK_16,
  BLOCK_64,
  CHROMA_LIMIT,
  CHROMA_TOKENS,
  FrameTokens,
  INTRA8,
  LUMA_LIMIT,
  LUMA_TOKENS,
  MOTION_LIMIT,
  NO_REFERENCE,
  Q_OFFSET_LIMIT,
  SKIP,
  TOKENS_PER_BLOCK,
  type Geometry,
  type TokenArrays,
} from './frame-tokens.js';
import { ModeSyntax } from './mode-syntax.js';
import { ProbabilityTables } from './probability-tables.js';
import { TemporalMotion } from './temporal-motion.js';
import type { AdaptiveTables } from '../../entropy/adaptive-tables.js';
import { MAGNITUDE_LIMIT } from '../../entropy/magnitude.js';
import type { SymbolCoder } from '../../entropy/symbol-coder.js';
import { InputError } from '../../errors.js';
import type { PackTables } from './pack-tables.js';
import { placeOf, type ArrayLayout, type NamedArrays } from '../token-arrays.js';

/**
 * Makes the tokens of frames from arrays that a user may have changed, in coding order. It refuses values that no
 * stream can hold, because the writer assumes that values fit together; for others it would code wrong values or
 * nothing.
 */
export class TokenAssembler {
  readonly #geometry: Geometry;
  readonly #layout: readonly ArrayLayout[];
  readonly #ranges: Readonly<Record<string, readonly [number, number]>>;
  /**
   * The number of luma tokens of one 16x16 transform, of four 8x8 transforms, and of chroma tokens. Later tokens have
   * no atoms.
   */
  readonly #available: readonly [number, number, number];
  readonly #interpolations: number;
  readonly #given: FrameTokens;
  readonly #writing: ModeSyntax;
  readonly #reading: ModeSyntax;

  constructor(geometry: Geometry, layout: readonly ArrayLayout[], pack: PackTables, isResilient = false) {
    this.#geometry = geometry;
    this.#layout = layout;
    this.#ranges = {
      blockSize: [BLOCK_16, BLOCK_64],
      type: [SKIP, INTRA8],
      transform: [0, 1],
      basis: [0, Math.max(pack.interBasis16.length, pack.interBasis8.length) - 1],
      lumaGroups: [0, LUMA_LIMIT.length - 1],
      chromaGroups: [0, CHROMA_LIMIT.length - 1],
      chromaFromLuma: [0, 1],
      intraMode: [0, pack.intraModes - 1],
      referenceIndex: [NO_REFERENCE, AVERAGE],
      motion: [-MOTION_LIMIT, MOTION_LIMIT - 1],
      qOffset: [-Q_OFFSET_LIMIT, Q_OFFSET_LIMIT],
      filtered: [0, 1],
      coefficients: [-MAGNITUDE_LIMIT, MAGNITUDE_LIMIT],
    };
    this.#available = [pack.basis16.atoms, 4 * pack.basis8.atoms, 2 * pack.basisChroma.atoms];
    this.#interpolations = pack.interpolation.count;
    this.#given = new FrameTokens(geometry);
    const tables = new ProbabilityTables(pack);
    this.#writing = new ModeSyntax(tables, pack, new TemporalMotion(isResilient));
    this.#reading = new ModeSyntax(tables, pack, new TemporalMotion(isResilient));
  }

  /**
   * Returns the tokens of the frame, in their own buffers.
   *
   * @throws InputError if a value is out of its range or contradicts other values.
   */
  assemble(header: FrameHeader, arrays: NamedArrays): FrameTokens {
    if (header.kind === 'inter' && header.variant >= this.#interpolations) {
      throw new InputError(`variant is ${header.variant}; the pack has ${this.#interpolations} filters`);
    }
    for (const layout of this.#layout) {
      this.#checkRange(layout, arrays);
      if (layout.name !== 'coefficients') arrayOf(this.#given, layout.name).set(arrays[layout.name]!);
    }
    // The modes must be equal to the modes that a reader would read.
    const values: number[] = [];
    const found = new FrameTokens(this.#geometry);
    this.#writing.code(new Recorder(values), header, this.#given);
    this.#reading.code(new Player(values), header, found);
    for (const layout of this.#layout) {
      if (layout.name !== 'coefficients') checkSame(layout, arrays[layout.name]!, arrayOf(found, layout.name));
    }
    found.coefficients.set(arrays['coefficients']!);
    this.#checkCoefficients(found);
    return found;
  }

  #checkRange(layout: ArrayLayout, arrays: NamedArrays): void {
    const [min, max] = this.#ranges[layout.name]!;
    const array = arrays[layout.name]!;
    for (let at = 0; at < array.length; at++) {
      const value = array[at]!;
      if (value < min || value > max) {
        throw new InputError(`${layout.name}${placeOf(layout, at)} is ${value}; it must be ${min}..${max}`);
      }
    }
  }

  /** Tokens that are not coded must be zero. */
  #checkCoefficients(tokens: FrameTokens): void {
    const { blockSize, coefficients, lumaGroups, chromaGroups, transform, geometry } = tokens;
    const [large, small, chroma] = this.#available;
    const layout = this.#layout.find(({ name }) => name === 'coefficients')!;
    const expectZeros = (from: number, until: number): void => {
      for (let at = from; at < until; at++) {
        if (coefficients[at] === 0) continue;
        const reason =
          "lies beyond lumaGroups, chromaGroups or the pack's atoms, or not in the first macroblock of its block; it must be 0";
        throw new InputError(`coefficients${placeOf(layout, at)} is ${coefficients[at]!}, but ${reason}`);
      }
    };
    for (let block = 0; block < lumaGroups.length; block++) {
      const base = block * TOKENS_PER_BLOCK;
      if (!isFirstOfBlock(tokens, Math.floor(block / geometry.columns), block % geometry.columns)) {
        expectZeros(base, base + TOKENS_PER_BLOCK);
        continue;
      }
      const isLarge = blockSize[block]! > BLOCK_16;
      const lumaAtoms = isLarge ? LUMA_TOKENS : transform[block] === 1 ? small : large;
      const luma = Math.min(LUMA_LIMIT[lumaGroups[block]!]!, lumaAtoms);
      expectZeros(base + luma, base + CHROMA_TOKENS);
      const coded = Math.min(CHROMA_LIMIT[chromaGroups[block]!]!, isLarge ? TOKENS_PER_BLOCK - LUMA_TOKENS : chroma);
      expectZeros(base + CHROMA_TOKENS + coded, base + TOKENS_PER_BLOCK);
    }
  }
}

function arrayOf(tokens: FrameTokens, name: string): NamedArrays[string] {
  return tokens[name as keyof TokenArrays];
}

function checkSame(layout: ArrayLayout, given: NamedArrays[string], found: NamedArrays[string]): void {
  const at = given.findIndex((value, index) => value !== found[index]);
  if (at === -1) return;
  throw new InputError(
    `${layout.name}${placeOf(layout, at)} is ${given[at]!}, which contradicts the frame's other tokens; ` +
      `with these it must be ${found[at]!}`,
  );
}

/** Records the values that a writer would code; a value without a symbol in the table becomes 0. */
class Recorder implements SymbolCoder {
  readonly #values: number[];

  constructor(values: number[]) {
    this.#values = values;
  }

  symbol({ symbols }: AdaptiveTables, _table: number, value: number): number {
    return this.#note(value >= 0 && value < symbols ? value : 0);
  }

  bits(value: number): number {
    return this.#note(value);
  }

  magnitude(_tables: AdaptiveTables, _table: number, value: number): number {
    return this.#note(value);
  }

  #note(value: number): number {
    this.#values.push(value);
    return value;
  }
}

/** Reads recorded values. */
class Player implements SymbolCoder {
  readonly #values: readonly number[];
  #at = 0;

  constructor(values: readonly number[]) {
    this.#values = values;
  }

  symbol(): number {
    return this.#values[this.#at++]!;
  }

  bits(): number {
    return this.symbol();
  }

  magnitude(): number {
    return this.symbol();
  }
}
