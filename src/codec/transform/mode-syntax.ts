import type { SymbolCoder } from '../../entropy/symbol-coder.js';
import { BitstreamError } from '../../errors.js';
import type { PackTables } from './pack-tables.js';
import type { FrameHeader } from '../frame-header.js';
import {
  AVERAGE,
  BLOCK_16,
  BLOCK_64,
  INTER16,
  INTER8,
  INTRA16,
  INTRA8,
  MOTION_FIELDS,
  MOTION_LIMIT,
  Q_OFFSET_LIMIT,
  SKIP,
  type FrameTokens,
} from './frame-tokens.js';
import { fitsPicture, REGION_MACROBLOCKS } from './block-order.js';
import {
  chromaFromLumaContext,
  chromaGroupsContext,
  intraMode16Context,
  intraMode8Context,
  lumaGroupsContext,
  motionContext,
  referenceContext,
  splitContext,
  transformContext,
  typeContext,
  typeKeyContext,
  typeLargeContext,
} from './mode-contexts.js';
import { CANDIDATES, differenceClass, MOTION_CLASSES, MotionNeighbours, NEW_MOTION, setMotion } from './motion.js';
import type { ProbabilityTables } from './probability-tables.js';
import { hasResidual, predictQOffset, Q_OFFSETS, qOffsetContext } from './region-quality.js';
import { TemporalMotion } from './temporal-motion.js';

/** Type of each symbol of `typeLarge`. */
const LARGE_TYPES = [SKIP, INTER16, INTRA16] as const;

/**
 * Syntax of everything in a frame but its transform tokens (FORMAT.md section 8, steps 1 and 2), for both directions: a
 * writing coder reads the values from the tokens; a reading coder fills them in.
 */
export class ModeSyntax {
  readonly #probabilities: ProbabilityTables;
  readonly #intraModes: number;
  readonly #basisChoices: readonly [number, number];
  readonly #temporal: TemporalMotion;
  readonly #neighbours: MotionNeighbours;
  readonly #fields = new Int16Array(MOTION_FIELDS);

  /** @param temporal the motion of the reference slots; it is updated with every frame. */
  constructor(tables: ProbabilityTables, pack: PackTables, temporal = new TemporalMotion()) {
    this.#probabilities = tables;
    this.#temporal = temporal;
    this.#neighbours = new MotionNeighbours(temporal);
    this.#intraModes = pack.intraModes;
    this.#basisChoices = [pack.interBasis16.length, pack.interBasis8.length];
  }

  /** Codes the region and mode tokens of a whole frame. Call it for frames in coding order. */
  code(coder: SymbolCoder, header: FrameHeader, tokens: FrameTokens): void {
    this.#temporal.beginFrame(header);
    if (header.hasLoopFilter) this.#codeFiltered(coder, tokens);
    const { regionRows, regionColumns } = tokens.geometry;
    for (let row = 0; row < regionRows; row++) {
      for (let column = 0; column < regionColumns; column++) {
        this.#codeTree(coder, header, tokens, row * REGION_MACROBLOCKS, column * REGION_MACROBLOCKS, BLOCK_64);
        if (header.hasQOffsets) this.#codeQOffset(coder, tokens, row, column);
      }
    }
    this.#temporal.endFrame(header, tokens);
  }

  /** Codes which regions are filtered. */
  #codeFiltered(coder: SymbolCoder, tokens: FrameTokens): void {
    const { regionRows, regionColumns } = tokens.geometry;
    const { modes } = this.#probabilities;
    const { filtered } = tokens;
    for (let row = 0; row < regionRows; row++) {
      for (let column = 0; column < regionColumns; column++) {
        const at = row * regionColumns + column;
        const context = (column > 0 ? filtered[at - 1]! : 0) + (row > 0 ? filtered[at - regionColumns]! : 0);
        filtered[at] = coder.symbol(modes.filtered, context, filtered[at]!);
      }
    }
  }

  /** Codes the q offset of a region whose blocks are coded. */
  #codeQOffset(coder: SymbolCoder, tokens: FrameTokens, row: number, column: number): void {
    const { qOffset } = tokens;
    const at = row * tokens.geometry.regionColumns + column;
    const predicted = predictQOffset(tokens, row, column);
    let value = predicted;
    if (hasResidual(tokens, row, column)) {
      // Differences modulo the number of values.
      const known = (qOffset[at]! - predicted + Q_OFFSETS) % Q_OFFSETS;
      value += coder.symbol(this.#probabilities.modes.qOffset, qOffsetContext(tokens, row, column), known);
      if (value > Q_OFFSET_LIMIT) value -= Q_OFFSETS;
    }
    qOffset[at] = value;
  }

  /** Codes the quadtree of blocks below one of `size`, whose first macroblock is (`row`, `column`). */
  #codeTree(
    coder: SymbolCoder,
    header: FrameHeader,
    tokens: FrameTokens,
    row: number,
    column: number,
    size: number,
  ): void {
    const { geometry } = tokens;
    const { rows, columns } = geometry;
    if (row >= rows || column >= columns) return;
    if (size > BLOCK_16) {
      const isWhole =
        fitsPicture(geometry, row, column, size) && !this.#codeSplit(coder, header, tokens, row, column, size);
      if (!isWhole) {
        const half = 1 << (size - 1);
        this.#codeTree(coder, header, tokens, row, column, size - 1);
        this.#codeTree(coder, header, tokens, row, column + half, size - 1);
        this.#codeTree(coder, header, tokens, row + half, column, size - 1);
        this.#codeTree(coder, header, tokens, row + half, column + half, size - 1);
        return;
      }
    }
    this.#codeBlock(coder, header, tokens, row, column, size);
    if (size > BLOCK_16) spreadModes(tokens, row, column, size);
  }

  /** Codes whether a block is split into four. */
  #codeSplit(
    coder: SymbolCoder,
    header: FrameHeader,
    tokens: FrameTokens,
    row: number,
    column: number,
    size: number,
  ): boolean {
    const known = tokens.blockSize[row * tokens.geometry.columns + column]! < size ? 1 : 0;
    const context = splitContext(tokens, this.#temporal, row, column, size, header.kind === 'key');
    return coder.symbol(this.#probabilities.modes.split, context, known) === 1;
  }

  #codeBlock(
    coder: SymbolCoder,
    header: FrameHeader,
    tokens: FrameTokens,
    row: number,
    column: number,
    size: number,
  ): void {
    const at = row * tokens.geometry.columns + column;
    tokens.blockSize[at] = size;
    const type = this.#codeType(coder, header, tokens, row, column, size);
    tokens.type[at] = type;
    if (type === INTER8) {
      for (let sub = 0; sub < 4; sub++) {
        this.#codeMotion(coder, header, tokens, 2 * row + (sub >> 1), 2 * column + (sub & 1), 1, at);
      }
    } else if (type === SKIP || type === INTER16) {
      this.#codeMotion(coder, header, tokens, 2 * row, 2 * column, 2 << size, at);
    } else {
      this.#codeIntraModes(coder, tokens, row, column, type);
      const context = chromaFromLumaContext(tokens, row, column, size);
      const known = tokens.chromaFromLuma[at]!;
      tokens.chromaFromLuma[at] = coder.symbol(this.#probabilities.modes.chromaFromLuma, context, known);
    }
    if (type !== SKIP) this.#codeResidualModes(coder, tokens, row, column, size, type);
  }

  #codeType(
    coder: SymbolCoder,
    header: FrameHeader,
    tokens: FrameTokens,
    row: number,
    column: number,
    size: number,
  ): number {
    const { modes } = this.#probabilities;
    const type = tokens.type[row * tokens.geometry.columns + column]!;
    if (size > BLOCK_16) {
      if (header.kind === 'key') return INTRA16;
      const context = typeLargeContext(tokens, this.#temporal, row, column, size);
      return LARGE_TYPES[coder.symbol(modes.typeLarge, context, type === INTRA16 ? 2 : type)]!;
    }
    if (header.kind === 'inter')
      return coder.symbol(modes.type, typeContext(tokens, this.#temporal, row, column), type);
    return INTRA16 + coder.symbol(modes.typeKey, typeKeyContext(tokens, row, column), type - INTRA16);
  }

  #codeResidualModes(
    coder: SymbolCoder,
    tokens: FrameTokens,
    row: number,
    column: number,
    size: number,
    type: number,
  ): void {
    const { modes } = this.#probabilities;
    const at = row * tokens.geometry.columns + column;
    const groupsContext = lumaGroupsContext(tokens, this.#temporal, row, column, size, type);
    const groups = coder.symbol(modes.lumaGroups, groupsContext, tokens.lumaGroups[at]!);
    tokens.lumaGroups[at] = groups;
    if (type === INTRA8) tokens.transform[at] = 1;
    else if (groups > 0 && size === BLOCK_16) {
      const context = transformContext(tokens, this.#temporal, row, column, type);
      tokens.transform[at] = coder.symbol(modes.transform, context, tokens.transform[at]!);
    }
    const small = tokens.transform[at] === 1;
    const choices = this.#basisChoices[small ? 1 : 0];
    if (size === BLOCK_16 && type < INTRA16 && groups > 0 && choices > 1) {
      const basis = coder.symbol(small ? modes.basis8 : modes.basis16, 0, tokens.basis[at]!);
      if (basis >= choices) throw new BitstreamError('the pack has no such basis', { field: 'basis' });
      tokens.basis[at] = basis;
    }
    const context = chromaGroupsContext(tokens, this.#temporal, row, column, size, type, groups);
    tokens.chromaGroups[at] = coder.symbol(modes.chromaGroups, context, tokens.chromaGroups[at]!);
  }

  #codeIntraModes(coder: SymbolCoder, tokens: FrameTokens, row: number, column: number, type: number): void {
    const { intraMode } = tokens;
    const stride = tokens.geometry.columns * 2;
    const first = 2 * row * stride + 2 * column;
    const modeCount = this.#intraModes;
    const tables = type === INTRA16 ? this.#probabilities.modes.intraMode16 : this.#probabilities.modes.intraMode8;
    const contextOf = type === INTRA16 ? intraMode16Context : intraMode8Context;
    for (let sub = 0; sub < (type === INTRA16 ? 1 : 4); sub++) {
      const y = 2 * row + (sub >> 1);
      const x = 2 * column + (sub & 1);
      const at = y * stride + x;
      intraMode[at] = coder.symbol(tables, contextOf(tokens, y, x, modeCount), intraMode[at]!);
    }
    if (type === INTRA16) {
      const mode = intraMode[first]!;
      intraMode[first + 1] = intraMode[first + stride] = intraMode[first + stride + 1] = mode;
    }
  }

  #codeMotion(
    coder: SymbolCoder,
    header: FrameHeader,
    tokens: FrameTokens,
    row: number,
    column: number,
    size: number,
    block: number,
  ): void {
    const { modes } = this.#probabilities;
    const neighbours = this.#neighbours;
    neighbours.gather(tokens, row, column, size);
    const at = row * tokens.geometry.columns * 2 + column;
    const type = tokens.type[block]!;
    const known = motionSymbol(neighbours, tokens, at, type);
    const table = type === SKIP ? modes.motionSkip : modes.motion;
    const context = motionContext(tokens, neighbours, row, column, size, type === SKIP);
    const symbol = coder.symbol(table, context, known);
    if (symbol !== NEW_MOTION) {
      setMotion(tokens, row, column, size, neighbours.candidates, symbol * MOTION_FIELDS);
      return;
    }
    tokens.hasNewMotion[block] = 1;
    this.#codeNewMotion(coder, header, tokens, row, column, size);
  }

  #codeNewMotion(
    coder: SymbolCoder,
    header: FrameHeader,
    tokens: FrameTokens,
    row: number,
    column: number,
    size: number,
  ): void {
    const fields = this.#fields;
    const at = row * tokens.geometry.columns * 2 + column;
    const reference =
      header.referenceSlot1 === null
        ? 0
        : coder.symbol(
            this.#probabilities.modes.reference,
            referenceContext(this.#neighbours, size),
            Math.max(0, tokens.referenceIndex[at]!),
          );
    fields[0] = reference;
    for (let slot = 0; slot < 2; slot++) {
      if (reference !== slot && reference !== AVERAGE) continue;
      const classOfX = this.#codeComponent(coder, tokens, at, slot, 0, 0);
      this.#codeComponent(coder, tokens, at, slot, 1, classOfX);
    }
    setMotion(tokens, row, column, size, fields, 0);
  }

  /** Codes one component of a new vector into the fields; returns the class of its difference to the prediction. */
  #codeComponent(
    coder: SymbolCoder,
    tokens: FrameTokens,
    at: number,
    slot: number,
    component: number,
    classOfX: number,
  ): number {
    const predicted = this.#neighbours.predict(slot, component);
    const context = this.#neighbours.classContext(slot, component, predicted, classOfX);
    const wanted = tokens.motion[at * 4 + slot * 2 + component]! - predicted;
    const { motionClass: classes } = this.#probabilities.modes;
    const motionClass = coder.symbol(classes, context, Math.min(MOTION_CLASSES - 1, differenceClass(wanted)));
    let difference = 0;
    if (motionClass > 0) {
      const low = 1 << (motionClass - 1);
      difference = low + coder.bits(Math.abs(wanted) - low, motionClass - 1);
      if (coder.bits(wanted < 0 ? 1 : 0, 1) === 1) difference = -difference;
    }
    const value = predicted + difference;
    if (value < -MOTION_LIMIT || value >= MOTION_LIMIT) {
      throw new BitstreamError('motion vector out of range', { field: 'motion' });
    }
    this.#fields[1 + slot * 2 + component] = value;
    return motionClass;
  }
}

/** Gives all macroblocks of a block the modes of its first one. */
export function spreadModes(tokens: FrameTokens, row: number, column: number, size: number): void {
  const { columns } = tokens.geometry;
  const first = row * columns + column;
  const width = 1 << size;
  const mode = tokens.intraMode[4 * row * columns + 2 * column]!;
  for (let y = row; y < row + width; y++) {
    for (let x = column; x < column + width; x++) {
      const at = y * columns + x;
      tokens.blockSize[at] = size;
      tokens.type[at] = tokens.type[first]!;
      tokens.lumaGroups[at] = tokens.lumaGroups[first]!;
      tokens.chromaGroups[at] = tokens.chromaGroups[first]!;
      tokens.chromaFromLuma[at] = tokens.chromaFromLuma[first]!;
      tokens.hasNewMotion[at] = tokens.hasNewMotion[first]!;
      const sub = 4 * y * columns + 2 * x;
      tokens.intraMode[sub] = tokens.intraMode[sub + 1] = mode;
      tokens.intraMode[sub + 2 * columns] = tokens.intraMode[sub + 2 * columns + 1] = mode;
    }
  }
}

/**
 * Returns the symbol of the motion in the tokens: the first equal candidate, else NEW_MOTION. When reading, the tokens
 * have no motion yet, and the result is ignored.
 */
function motionSymbol(neighbours: MotionNeighbours, tokens: FrameTokens, at: number, type: number): number {
  const { candidates } = neighbours;
  for (let i = 0; i < CANDIDATES; i++) {
    const base = i * MOTION_FIELDS;
    let equal = candidates[base] === tokens.referenceIndex[at];
    for (let k = 0; k < 4; k++) equal &&= candidates[base + 1 + k] === tokens.motion[at * 4 + k];
    if (equal) return i;
  }
  return type === SKIP ? 0 : NEW_MOTION;
}
