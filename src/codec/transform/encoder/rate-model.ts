import type { Kernels, Pointer } from '../../../kernels/kernels.js';
import type { AdaptiveTables } from '../../../entropy/adaptive-tables.js';
import { ESCAPE } from '../../../entropy/magnitude.js';
import { TABLE_TOTAL } from '../../../entropy/rans-constants.js';
import { TableAdapter } from '../../../entropy/symbol-coder.js';
import type { PackTables } from '../pack-tables.js';
import type { FrameHeader } from '../../frame-header.js';
import { isFirstOfBlock } from '../block-order.js';
import {
  BLOCK_16,
  CHROMA_LIMIT,
  CHROMA_TOKENS,
  isIntra,
  LUMA_LIMIT,
  LUMA_TOKENS,
  TOKENS_PER_BLOCK,
  type FrameTokens,
} from '../frame-tokens.js';
import { ModeSyntax } from '../mode-syntax.js';
import { ProbabilityTables, shareModes, type SavedProbabilities, type SharedModes } from '../probability-tables.js';
import type { RateSettings } from './settings.js';
import { TemporalMotion, type TemporalReferences } from '../temporal-motion.js';
import {
  CONTEXTS,
  MAGNITUDES,
  NEIGHBOUR_LIMIT,
  NEIGHBOURS,
  NO_NEIGHBOUR,
  SCALES,
  TOKEN_KINDS,
} from '../token-contexts.js';

/** Groups of luma tokens; chroma has fewer. */
const GROUPS = LUMA_LIMIT.length - 1;
/** Floats of one class of token costs: [groups, contexts, magnitudes]. */
const CLASS_SIZE = GROUPS * CONTEXTS * MAGNITUDES;
/** Kinds whose token costs are counted apart: those of {@link TOKEN_KINDS}, then luma and chroma of large blocks. */
export const LARGE_LUMA_KIND = TOKEN_KINDS;
export const LARGE_CHROMA_KIND = TOKEN_KINDS + 1;
/** The kind whose contexts and starting costs each of them has. */
const CONTEXT_KIND = [0, 1, 2, 0, 2];
/** Classes of token costs: kinds, each intra and inter. */
const CLASSES = 2 * CONTEXT_KIND.length;

/** The memory of a {@link RateModel} that threads share. */
export interface SharedRates {
  /** Whether tables and contexts are those of a resilient stream. */
  readonly isResilient: boolean;
  readonly modes: SharedModes;
  /** As in {@link RateModel}. */
  readonly tokenCosts: readonly Pointer[];
}

/** Makes the memory of rates, with what the pack says. */
export function shareRates(kernels: Kernels, pack: PackTables, isResilient = false): SharedRates {
  const tokenCosts = CONTEXT_KIND.flatMap(() => [kernels.allocate(CLASS_SIZE * 4), kernels.allocate(CLASS_SIZE * 4)]);
  return { isResilient, modes: shareModes(pack), tokenCosts };
}

/**
 * The encoder's estimate of the costs of tokens. All threads read the same tables; {@link RateLearner} changes them between two
 * frames. For modes they are the tables of the stream, adapted in the same way as in the decoder.
 */
export class RateModel {
  readonly probabilities: ProbabilityTables;
  /** Addresses of float32 [16, 8, 16] by class (see {@link tokenClass}). */
  readonly tokenCosts: readonly Pointer[];
  /** Motion of the reference slots. */
  readonly temporal: TemporalMotion;
  readonly isResilient: boolean;
  readonly #lumaGroupCosts: CostRow;
  readonly #chromaGroupCosts: CostRow;

  constructor(kernels: Kernels, pack: PackTables, { modes, tokenCosts, isResilient }: SharedRates) {
    this.isResilient = isResilient;
    this.temporal = new TemporalMotion(isResilient, SharedArrayBuffer);
    this.probabilities = new ProbabilityTables(pack, modes);
    this.tokenCosts = tokenCosts;
    this.#lumaGroupCosts = new CostRow(kernels, this.probabilities.modes.lumaGroups);
    this.#chromaGroupCosts = new CostRow(kernels, this.probabilities.modes.chromaGroups);
  }

  /** Prepares the costs of a frame that is about to be decided, with what {@link RateLearner.beginFrame} has found. */
  beginFrame(references: TemporalReferences): void {
    this.temporal.use(references);
    this.#lumaGroupCosts.clear();
    this.#chromaGroupCosts.clear();
  }

  /** Address of the costs of `lumaGroups` with this context: float32 [17], valid until the next call. */
  lumaGroupCosts(context: number): Pointer {
    return this.#lumaGroupCosts.fill(context);
  }

  /** The same for `chromaGroups`: float32 [9]. */
  chromaGroupCosts(context: number): Pointer {
    return this.#chromaGroupCosts.fill(context);
  }
}

/**
 * Learns costs of tokens from decided frames, in one thread. For transform tokens it counts those of earlier frames by class,
 * group and context, because the prior's scales are known only after a frame is decided.
 */
export class RateLearner {
  readonly #kernels: Kernels;
  readonly #rates: RateModel;
  readonly #decay: number;
  readonly #modeSyntax: ModeSyntax;
  readonly #neighbours: Uint8Array;
  readonly #contextOfSum: Uint8Array;
  readonly #counts: Float64Array[];
  /** Magnitudes of a block's tokens as neighbours; a missing one has the last place, which is no token's neighbour. */
  readonly #magnitudes = new Uint8Array(LUMA_TOKENS);
  readonly #start: Float64Array[];
  /** By class, 1 for each [group, context] with a token so far. The others keep their costs: all their counts fade alike. */
  readonly #isCounted: Uint8Array[];
  /** How often counts have faded. */
  #faded = 0;
  /** In resilient streams, the tables after the last key frame. */
  #afterKey: SavedProbabilities | null = null;

  /** @param rates the thread's own, which it changes. */
  constructor(kernels: Kernels, pack: PackTables, settings: RateSettings, rates: RateModel) {
    this.#kernels = kernels;
    this.#rates = rates;
    this.#decay = settings.decay;
    this.#modeSyntax = new ModeSyntax(rates.probabilities, pack, rates.temporal);
    this.#neighbours = pack.contextNeighbours;
    this.#contextOfSum = pack.contextOfSum;
    this.#start = Array.from({ length: CLASSES }, (_, index) =>
      startDistribution(pack, CONTEXT_KIND[index >> 1]!, settings),
    );
    this.#counts = this.#start.map((start) => start.slice());
    this.#isCounted = this.#start.map(() => new Uint8Array(CLASS_SIZE / MAGNITUDES));
    for (let index = 0; index < CLASSES; index++) {
      for (let row = 0; row < CLASS_SIZE; row += MAGNITUDES) this.#updateRow(index, row);
    }
  }

  /** Forgets what was learned from tokens: a chunk is coded alike whether it is coded after others or alone. */
  restart(): void {
    this.#counts.forEach((counts, index) => counts.set(this.#start[index]!));
    this.#forEachCounted((index, row) => this.#updateRow(index, row));
    for (const rows of this.#isCounted) rows.fill(0);
    this.#faded = 0;
  }

  /** Prepares the tables for a frame that is about to be decided; returns what it takes over. No thread may decide yet. */
  beginFrame(header: FrameHeader): TemporalReferences {
    if (header.kind === 'key') this.#rates.probabilities.reset();
    else if (this.#afterKey !== null) this.#rates.probabilities.restore(this.#afterKey);
    return this.#rates.temporal.beginFrame(header);
  }

  /**
   * Learns from a decided frame; also fills the tokens' derived field `hasNewMotion`.
   *
   * @param learned what is learned: not the modes of a trial, which are not written to the stream.
   */
  learn(
    header: FrameHeader,
    tokens: FrameTokens,
    learned: { readonly modes: boolean; readonly tokens: boolean },
  ): void {
    if (learned.modes) this.#modeSyntax.code(new TableAdapter(), header, tokens);
    if (learned.modes && header.kind === 'key' && this.#rates.isResilient) {
      this.#afterKey = this.#rates.probabilities.save();
    }
    if (!learned.tokens) return;
    this.#faded++;
    this.#forEachCounted((index, row) => this.#fade(this.#counts[index]!, row));
    const { coefficients, geometry } = tokens;
    for (let at = 0; at < tokens.type.length; at++) {
      const isLarge = tokens.blockSize[at]! > BLOCK_16;
      if (isLarge && !isFirstOfBlock(tokens, Math.floor(at / geometry.columns), at % geometry.columns)) continue;
      const intra = isIntra(tokens.type[at]!);
      const luma = LUMA_LIMIT[tokens.lumaGroups[at]!]!;
      const chroma = CHROMA_LIMIT[tokens.chromaGroups[at]!]!;
      const kind = isLarge ? LARGE_LUMA_KIND : tokens.transform[at] === 1 ? 1 : 0;
      if (luma > 0) this.#count(coefficients, at * TOKENS_PER_BLOCK, luma, kind, intra, LUMA_LIMIT);
      if (chroma > 0) {
        const chromaKind = isLarge ? LARGE_CHROMA_KIND : 2;
        this.#count(coefficients, at * TOKENS_PER_BLOCK + CHROMA_TOKENS, chroma, chromaKind, intra, CHROMA_LIMIT);
      }
    }
    this.#forEachCounted((index, row) => this.#updateRow(index, row));
  }

  #count(
    coefficients: Int16Array,
    base: number,
    count: number,
    kind: number,
    intra: boolean,
    limits: readonly number[],
  ): void {
    const counts = this.#counts[tokenClass(kind, intra)]!;
    const isCounted = this.#isCounted[tokenClass(kind, intra)]!;
    const contexts = this.#contextOfSum;
    const neighbours = this.#neighbours;
    const magnitudes = this.#magnitudes;
    // Locals, because an imported constant is read from memory each time.
    const neighbourCount = NEIGHBOURS;
    const largest = NEIGHBOUR_LIMIT;
    const escape = ESCAPE;
    const perContext = MAGNITUDES;
    const perGroup = CONTEXTS;
    for (let i = 0; i < count; i++) magnitudes[i] = Math.min(largest, Math.abs(coefficients[base + i]!));
    magnitudes[NO_NEIGHBOUR] = 0;
    let list = CONTEXT_KIND[kind]! * LUMA_TOKENS * neighbourCount;
    let group = 0;
    for (let i = 0; i < count; i++) {
      while (i >= limits[group + 1]!) group++;
      let sum = 0;
      for (const end = list + neighbourCount; list < end; list++) sum += magnitudes[neighbours[list]!]!;
      const magnitude = Math.min(escape, Math.abs(coefficients[base + i]!));
      const row = group * perGroup + contexts[sum]!;
      if (isCounted[row] === 0) {
        isCounted[row] = 1;
        for (let time = 0; time < this.#faded; time++) this.#fade(counts, row * perContext);
      }
      counts[row * perContext + magnitude]!++;
    }
  }

  #fade(counts: Float64Array, row: number): void {
    for (let m = row; m < row + MAGNITUDES; m++) counts[m]! *= this.#decay;
  }

  #forEachCounted(visit: (index: number, row: number) => void): void {
    this.#isCounted.forEach((rows, index) => {
      for (let row = 0; row < rows.length; row++) if (rows[row] === 1) visit(index, row * MAGNITUDES);
    });
  }

  /** Writes the costs of a class's group and context, whose counts begin at `row`. */
  #updateRow(index: number, row: number): void {
    const counts = this.#counts[index]!;
    const start = this.#start[index]!;
    const { f32 } = this.#kernels;
    const at = this.#rates.tokenCosts[index]! >> 2;
    let total = 0;
    for (let m = row; m < row + MAGNITUDES; m++) total += counts[m]! + start[m]!;
    for (let m = row; m < row + MAGNITUDES; m++) {
      f32[at + m] = Math.log2(total / (counts[m]! + start[m]!)) + (m > row ? 1 : 0);
    }
  }
}

/** The costs of a mode's symbols with one context, where kernels can read them. */
class CostRow {
  readonly #kernels: Kernels;
  readonly #tables: AdaptiveTables;
  readonly #at: Pointer;
  #context = NaN;

  constructor(kernels: Kernels, tables: AdaptiveTables) {
    this.#kernels = kernels;
    this.#tables = tables;
    this.#at = kernels.allocate(tables.symbols * 4);
  }

  /** Forgets the costs, because the tables have adapted. */
  clear(): void {
    this.#context = NaN;
  }

  /** Fills in the costs, float32 [symbols]; returns their address. */
  fill(context: number): Pointer {
    if (context !== this.#context) {
      const { f32 } = this.#kernels;
      const { symbols } = this.#tables;
      for (let i = 0; i < symbols; i++) f32[(this.#at >> 2) + i] = this.#tables.cost(context, i);
      this.#context = context;
    }
    return this.#at;
  }
}

/** Class of token costs: kind 0 (16x16), 1 (four 8x8), 2 (chroma) or one of large blocks; intra or inter. */
export function tokenClass(kind: number, intra: boolean): number {
  return kind * 2 + (intra ? 0 : 1);
}

/** Fills the start values from the pack's tables, at a scale that falls with the group. */
function startDistribution(pack: PackTables, kind: number, settings: RateSettings): Float64Array {
  const result = new Float64Array(CLASS_SIZE);
  for (let group = 0; group < GROUPS; group++) {
    const scale = Math.round(settings.startScale - group * settings.startScaleFall);
    for (let context = 0; context < CONTEXTS; context++) {
      const from = ((kind * SCALES + scale) * CONTEXTS + context) * MAGNITUDES;
      for (let m = 0; m < MAGNITUDES; m++) {
        result[(group * CONTEXTS + context) * MAGNITUDES + m] =
          (settings.startWeight * pack.coefficientTables[from + m]!) / TABLE_TOTAL;
      }
    }
  }
  return result;
}
