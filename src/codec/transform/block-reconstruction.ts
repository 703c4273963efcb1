import type { Kernels, Pointer } from '../../kernels/kernels.js';
import {
  CHROMA_BLOCK,
  CHROMA_BLOCK_SAMPLES,
  MACROBLOCK,
  MACROBLOCK_SAMPLES,
  shiftOf,
  SUB_BLOCK,
  SUB_BLOCK_SAMPLES,
} from '../macroblock-grid.js';
import { isCodedBefore } from './block-order.js';
import {
  AVERAGE,
  BLOCK_16,
  CHROMA_LIMIT,
  CHROMA_TOKENS,
  INTER8,
  INTRA8,
  isIntra,
  LUMA_LIMIT,
  LUMA_TOKENS,
  MOTION_FIELDS,
  REGION,
  TOKENS_PER_BLOCK,
  type FrameTokens,
  type Geometry,
} from './frame-tokens.js';
import type { KernelTables, SeparableTransform } from './kernel-tables.js';
import { boundarySamples, CHROMA_PHASES, CHROMA_TAPS, LUMA_PHASES, LUMA_TAPS } from './pack-tables.js';
import type { Picture } from './picture.js';
import type { Plane } from '../planes.js';

/** Shifts from the units of vectors to whole samples. */
const LUMA_SHIFT = shiftOf(LUMA_PHASES);
const CHROMA_SHIFT = shiftOf(CHROMA_PHASES);
/** Chroma tokens of a macroblock. */
const CHROMA_TOKEN_COUNT = TOKENS_PER_BLOCK - LUMA_TOKENS;

/** Numbers of planes of a picture: Y, U and V. */
export type PlaneNumbers = readonly (0 | 1 | 2)[];
const ALL_PLANES: PlaneNumbers = [0, 1, 2];
export const LUMA_PLANE: PlaneNumbers = [0];
export const CHROMA_PLANES: PlaneNumbers = [1, 2];

/** The pictures a frame predicts from, and its luma filter. */
export interface References {
  readonly pictures: readonly [Picture | null, Picture | null];
  readonly interpolation: number;
}

/**
 * Prediction and residual of macroblocks (FORMAT.md section 10), on pictures in kernel memory. The decoder uses it for
 * whole frames. The encoder uses its parts for trials.
 */
export class BlockReconstruction {
  readonly #kernels: Kernels;
  readonly #tables: KernelTables;
  readonly #accumulator: Pointer;
  readonly #tokens: Pointer;
  /** How many of the luma and chroma tokens there may differ from 0; the others are 0. */
  #loadedLuma = 0;
  #loadedChroma = 0;
  readonly #boundary: Pointer;
  /** Boundary and prediction of a large intra block, shrunk to 16x16. */
  readonly #smallBoundary: Pointer;
  readonly #smallBlock: Pointer;
  readonly #second: Pointer;
  readonly #fields = new Int16Array(MOTION_FIELDS);

  constructor(kernels: Kernels, tables: KernelTables) {
    this.#kernels = kernels;
    this.#tables = tables;
    this.#accumulator = kernels.allocate(MACROBLOCK_SAMPLES * 4);
    this.#tokens = kernels.allocate(TOKENS_PER_BLOCK * 2);
    this.#boundary = kernels.allocate(boundarySamples(REGION));
    this.#smallBoundary = kernels.allocate(boundarySamples(MACROBLOCK));
    this.#smallBlock = kernels.allocate(MACROBLOCK_SAMPLES);
    this.#second = kernels.allocate(REGION * REGION);
  }

  /** Reconstructs the block of `target` whose first macroblock is (`row`, `column`) from its tokens. */
  reconstruct(
    target: Picture,
    tokens: FrameTokens,
    q: number,
    row: number,
    column: number,
    references: References,
  ): void {
    const { columns } = tokens.geometry;
    const at = row * columns + column;
    const type = tokens.type[at]!;
    const size = tokens.blockSize[at]!;
    const luma = LUMA_LIMIT[tokens.lumaGroups[at]!]!;
    const chroma = CHROMA_LIMIT[tokens.chromaGroups[at]!]!;
    if (luma + chroma > 0) this.loadTokens(tokens.coefficients, at * TOKENS_PER_BLOCK, luma, chroma);
    if (size > BLOCK_16) {
      this.#reconstructLarge(target, tokens, q, row, column, size, references);
      return;
    }
    const basis = this.basisOf(tokens, row, column);
    if (isIntra(type)) {
      this.#intraLuma(target, tokens, q, row, column, basis);
      this.#intraChroma(target, tokens, row, column);
    } else {
      this.predictInter(target, tokens, row, column, references);
      if (tokens.lumaGroups[at]! > 0) this.addLuma(target, row, column, q, tokens.transform[at]!, basis, false);
    }
    if (tokens.chromaGroups[at]! > 0) this.addChroma(target, row, column, q, isIntra(type));
  }

  #reconstructLarge(
    target: Picture,
    tokens: FrameTokens,
    q: number,
    row: number,
    column: number,
    size: number,
    references: References,
  ): void {
    const { columns } = tokens.geometry;
    const at = row * columns + column;
    const sub = 4 * row * columns + 2 * column;
    const intra = isIntra(tokens.type[at]!);
    if (intra) {
      this.predictLargeLuma(target, target, row, column, size, tokens.intraMode[sub]!, tokens.geometry);
    } else {
      this.compensate(target, row * MACROBLOCK, column * MACROBLOCK, MACROBLOCK << size, tokens, sub, references);
    }
    if (tokens.lumaGroups[at]! > 0) this.addLargeLuma(target, row, column, size, q, intra);
    if (intra) this.#intraChroma(target, tokens, row, column);
    if (tokens.chromaGroups[at]! > 0) this.addLargeChroma(target, row, column, size, q, intra);
  }

  /** Intra prediction of the luma of a 32x32 or 64x64 block, from its boundary in `source` to its place in `target`. */
  predictLargeLuma(
    source: Picture,
    target: Picture,
    row: number,
    column: number,
    size: number,
    mode: number,
    geometry: Geometry,
  ): void {
    const { at, stride } = target.y;
    const width = MACROBLOCK << size;
    const boundary = this.blockBoundary(source.y, row, column, size, width, geometry);
    this.predictFromBoundary(boundary, width, mode, at + row * MACROBLOCK * stride + column * MACROBLOCK, stride);
  }

  /**
   * Intra boundary of a whole block in one plane, where it has `width` samples. Returns where it stands; good until
   * the next call.
   */
  blockBoundary(plane: Plane, row: number, column: number, size: number, width: number, geometry: Geometry): Pointer {
    const macroblock = width >> size;
    const to = plane.at + row * macroblock * plane.stride + column * macroblock;
    const hasTopRight = hasAboveRight(geometry, row, column, size);
    this.#kernels.call.intraBoundary(to, plane.stride, width, row > 0, column > 0, hasTopRight, this.#boundary);
    return this.#boundary;
  }

  /** Predicts a square of 16, 32 or 64 samples from its boundary with a 16x16 matrix, enlarged if need be. */
  predictFromBoundary(boundary: Pointer, width: number, mode: number, to: Pointer, stride: number): void {
    const { call } = this.#kernels;
    const matrix = this.#tables.intra16[mode]!;
    const shift = shiftOf(width / MACROBLOCK);
    if (shift === 0) {
      call.intraPredict(boundary, MACROBLOCK, matrix, to, stride);
      return;
    }
    call.shrinkBoundary(boundary, shift, this.#smallBoundary);
    call.intraPredict(this.#smallBoundary, MACROBLOCK, matrix, this.#smallBlock, MACROBLOCK);
    call.enlargePrediction(this.#smallBlock, boundary, shift, to, stride);
  }

  /** Adds the loaded luma tokens' residual to a 32x32 or 64x64 block. */
  addLargeLuma(target: Picture, row: number, column: number, size: number, q: number, intra: boolean): void {
    const { at, stride } = target.y;
    const to = at + row * MACROBLOCK * stride + column * MACROBLOCK;
    const { luma } = this.#tables.large[size]!;
    this.#addSeparable(luma, this.#tokens, 1, this.#tables.steps(q).largeLuma, intra, to, stride);
  }

  /** Adds the loaded chroma tokens' residual to both chroma planes of a 32x32 or 64x64 block. */
  addLargeChroma(target: Picture, row: number, column: number, size: number, q: number, intra: boolean): void {
    const { chroma } = this.#tables.large[size]!;
    const steps = this.#tables.steps(q).largeChroma[intra ? 0 : 1];
    for (let plane = 0; plane < 2; plane++) {
      const { at, stride } = plane === 0 ? target.u : target.v;
      const to = at + row * CHROMA_BLOCK * stride + column * CHROMA_BLOCK;
      this.#addSeparable(chroma, this.#tokens + 2 * (CHROMA_TOKENS + plane), 2, steps, intra, to, stride);
    }
  }

  #addSeparable(
    { size, keep, matrix, scan }: SeparableTransform,
    tokens: Pointer,
    tokenStep: number,
    steps: Pointer,
    intra: boolean,
    to: Pointer,
    stride: number,
  ): void {
    const { call } = this.#kernels;
    const offset1 = this.#offset(intra, 0);
    const offset2 = this.#offset(intra, 1);
    const used = call.dequantiseSeparable(tokens, tokenStep, size, keep, scan, steps, offset1, offset2);
    if (used > 0) call.inverseSeparable(size, matrix, keep, used, to, stride);
  }

  /** Index of the luma basis of a macroblock (of the first sub-block in intra8). */
  basisOf(tokens: FrameTokens, row: number, column: number): number {
    const { pack } = this.#tables;
    const { columns } = tokens.geometry;
    const at = row * columns + column;
    const small = tokens.transform[at] === 1;
    if (isIntra(tokens.type[at]!)) {
      const mode = tokens.intraMode[4 * row * columns + 2 * column]!;
      return (small ? pack.intraBasis8 : pack.intraBasis16)[mode]!;
    }
    return (small ? pack.interBasis8 : pack.interBasis16)[tokens.basis[at]!]!;
  }

  /**
   * Copies the tokens of the macroblock at `offset` to kernel memory for the `add` functions.
   *
   * @param luma, chroma how many may differ from 0. Default: all.
   */
  loadTokens(coefficients: Int16Array, offset: number, luma = LUMA_TOKENS, chroma = CHROMA_TOKEN_COUNT): void {
    const memory = this.#kernels.i16;
    const to = this.#tokens >> 1;
    // A view for each macroblock would be garbage.
    for (let i = 0; i < luma; i++) memory[to + i] = coefficients[offset + i]!;
    for (let i = luma; i < this.#loadedLuma; i++) memory[to + i] = 0;
    const chromaTo = to + CHROMA_TOKENS;
    for (let i = 0; i < chroma; i++) memory[chromaTo + i] = coefficients[offset + CHROMA_TOKENS + i]!;
    for (let i = chroma; i < this.#loadedChroma; i++) memory[chromaTo + i] = 0;
    this.#loadedLuma = luma;
    this.#loadedChroma = chroma;
  }

  /** Adds the loaded luma tokens' residual to a macroblock. */
  addLuma(
    target: Picture,
    row: number,
    column: number,
    q: number,
    transform: number,
    basis: number,
    intra: boolean,
  ): void {
    const { stride } = target.y;
    const block = target.y.at + row * MACROBLOCK * stride + column * MACROBLOCK;
    if (transform === 1) {
      for (let sub = 0; sub < 4; sub++) {
        this.addLuma8(block + (sub >> 1) * SUB_BLOCK * stride + (sub & 1) * SUB_BLOCK, stride, q, sub, basis, intra);
      }
      return;
    }
    const { call } = this.#kernels;
    const { pack } = this.#tables;
    const steps = this.#tables.steps(q).luma16[basis]!;
    call.clearAccumulator(this.#accumulator, MACROBLOCK_SAMPLES);
    const used = call.accumulateAtoms(
      this.#accumulator,
      MACROBLOCK_SAMPLES,
      this.#tables.basis16[basis]!,
      this.#tokens,
      1,
      pack.basis16.atoms,
      steps,
      this.#offset(intra, 0),
      this.#offset(intra, 1),
    );
    if (used > 0) call.addResidual(this.#accumulator, block, stride, MACROBLOCK);
  }

  /** Adds the loaded tokens of one 8x8 luma sub-block. */
  addLuma8(block: Pointer, stride: number, q: number, sub: number, basis: number, intra: boolean): void {
    const { call } = this.#kernels;
    call.clearAccumulator(this.#accumulator, SUB_BLOCK_SAMPLES);
    const used = call.accumulateAtoms(
      this.#accumulator,
      SUB_BLOCK_SAMPLES,
      this.#tables.basis8[basis]!,
      this.#tokens + 2 * sub,
      4,
      this.#tables.pack.basis8.atoms,
      this.#tables.steps(q).luma8[basis]!,
      this.#offset(intra, 0),
      this.#offset(intra, 1),
    );
    if (used > 0) call.addResidual(this.#accumulator, block, stride, SUB_BLOCK);
  }

  /** Adds the loaded chroma tokens' residual to both chroma blocks. */
  addChroma(target: Picture, row: number, column: number, q: number, intra: boolean): void {
    const { call } = this.#kernels;
    const kind = intra ? 0 : 1;
    for (let plane = 0; plane < 2; plane++) {
      const { at, stride } = plane === 0 ? target.u : target.v;
      call.clearAccumulator(this.#accumulator, CHROMA_BLOCK_SAMPLES);
      const used = call.accumulateAtoms(
        this.#accumulator,
        CHROMA_BLOCK_SAMPLES,
        this.#tables.basisChroma[kind],
        this.#tokens + 2 * (CHROMA_TOKENS + plane),
        2,
        this.#tables.pack.basisChroma.atoms,
        this.#tables.steps(q).chroma[kind],
        this.#offset(intra, 0),
        this.#offset(intra, 1),
      );
      if (used > 0) {
        const block = at + row * CHROMA_BLOCK * stride + column * CHROMA_BLOCK;
        call.addResidual(this.#accumulator, block, stride, CHROMA_BLOCK);
      }
    }
  }

  /** Intra boundary of a luma block; `sub` is -1 for the whole macroblock. Returns where it stands. */
  lumaBoundary(target: Picture, row: number, column: number, sub: number, geometry: Geometry): Pointer {
    const { stride } = target.y;
    const size = sub < 0 ? MACROBLOCK : SUB_BLOCK;
    const x = column * MACROBLOCK + (sub > 0 ? (sub & 1) * SUB_BLOCK : 0);
    const y = row * MACROBLOCK + (sub > 0 ? (sub >> 1) * SUB_BLOCK : 0);
    const hasTopRight = sub === 0 || sub === 2 || (sub !== 3 && hasAboveRight(geometry, row, column, BLOCK_16));
    this.#kernels.call.intraBoundary(
      target.y.at + y * stride + x,
      stride,
      size,
      y > 0,
      x > 0,
      hasTopRight,
      this.#boundary,
    );
    return this.#boundary;
  }

  /** Predicts both chroma planes of a block from their boundaries in `source`, to its place in `target`. */
  predictIntraChroma(
    source: Picture,
    target: Picture,
    row: number,
    column: number,
    size: number,
    mode: number,
    geometry: Geometry,
  ): void {
    const { call } = this.#kernels;
    const width = CHROMA_BLOCK << size;
    for (const index of [1, 2] as const) {
      const { at, stride } = target.planes[index];
      const to = at + row * CHROMA_BLOCK * stride + column * CHROMA_BLOCK;
      const boundary = this.blockBoundary(source.planes[index], row, column, size, width, geometry);
      if (size > BLOCK_16) this.predictFromBoundary(boundary, width, mode, to, stride);
      else call.intraPredict(boundary, CHROMA_BLOCK, this.#tables.intra8[mode]!, to, stride);
    }
  }

  /**
   * Predicts both chroma planes of a block from its reconstructed luma in `target`, with what is above and to the left of it
   * in `source`, to its place in `target`.
   */
  predictChromaFromLuma(source: Picture, target: Picture, row: number, column: number, size: number): void {
    const luma = row * MACROBLOCK * target.y.stride + column * MACROBLOCK;
    for (const index of [1, 2] as const) {
      const edge = source.planes[index];
      const { at, stride } = target.planes[index];
      const chroma = row * CHROMA_BLOCK * stride + column * CHROMA_BLOCK;
      this.#kernels.call.predictFromLuma(
        source.y.at + luma,
        target.y.at + luma,
        target.y.stride,
        edge.at + chroma,
        at + chroma,
        stride,
        CHROMA_BLOCK << size,
        row > 0,
        column > 0,
      );
    }
  }

  #intraChroma(target: Picture, tokens: FrameTokens, row: number, column: number): void {
    const { columns } = tokens.geometry;
    const at = row * columns + column;
    const size = tokens.blockSize[at]!;
    if (tokens.chromaFromLuma[at] === 1) this.predictChromaFromLuma(target, target, row, column, size);
    else {
      const mode = tokens.intraMode[4 * row * columns + 2 * column]!;
      this.predictIntraChroma(target, target, row, column, size, mode, tokens.geometry);
    }
  }

  #intraLuma(target: Picture, tokens: FrameTokens, q: number, row: number, column: number, basis: number): void {
    const { columns } = tokens.geometry;
    const at = row * columns + column;
    const { stride } = target.y;
    const block = target.y.at + row * MACROBLOCK * stride + column * MACROBLOCK;
    const { call } = this.#kernels;
    const coded = tokens.lumaGroups[at]! > 0;
    const first = 4 * row * columns + 2 * column;
    if (tokens.type[at] !== INTRA8) {
      const boundary = this.lumaBoundary(target, row, column, -1, tokens.geometry);
      call.intraPredict(boundary, MACROBLOCK, this.#tables.intra16[tokens.intraMode[first]!]!, block, stride);
      if (coded) this.addLuma(target, row, column, q, tokens.transform[at]!, basis, true);
      return;
    }
    for (let sub = 0; sub < 4; sub++) {
      const mode = tokens.intraMode[first + (sub >> 1) * 2 * columns + (sub & 1)]!;
      const to = block + (sub >> 1) * SUB_BLOCK * stride + (sub & 1) * SUB_BLOCK;
      const boundary = this.lumaBoundary(target, row, column, sub, tokens.geometry);
      call.intraPredict(boundary, SUB_BLOCK, this.#tables.intra8[mode]!, to, stride);
      if (coded) this.addLuma8(to, stride, q, sub, this.#tables.pack.intraBasis8[mode]!, true);
    }
  }

  /** Motion compensation of a whole macroblock into `target`. */
  predictInter(target: Picture, tokens: FrameTokens, row: number, column: number, references: References): void {
    const { columns } = tokens.geometry;
    const first = 4 * row * columns + 2 * column;
    if (tokens.type[row * columns + column] !== INTER8) {
      this.compensate(target, row * MACROBLOCK, column * MACROBLOCK, MACROBLOCK, tokens, first, references);
      return;
    }
    for (let sub = 0; sub < 4; sub++) {
      const at = first + (sub >> 1) * 2 * columns + (sub & 1);
      const y = row * MACROBLOCK + (sub >> 1) * SUB_BLOCK;
      const x = column * MACROBLOCK + (sub & 1) * SUB_BLOCK;
      this.compensate(target, y, x, SUB_BLOCK, tokens, at, references);
    }
  }

  /**
   * Motion compensation of one partition of `size` luma samples at luma position (`y`, `x`) with the motion at `at`, in
   * `planes`.
   */
  compensate(
    target: Picture,
    y: number,
    x: number,
    size: number,
    tokens: FrameTokens,
    at: number,
    references: References,
    planes: PlaneNumbers = ALL_PLANES,
  ): void {
    const fields = this.#fields;
    fields[0] = tokens.referenceIndex[at]!;
    for (let i = 0; i < 4; i++) fields[1 + i] = tokens.motion[at * 4 + i]!;
    this.compensateMotion(target, y, x, size, fields, 0, references, planes);
  }

  /**
   * Motion compensation of one partition of `size` luma samples at luma position (`y`, `x`), in `planes`.
   *
   * @param fields reference, x0, y0, x1, y1 at `offset`.
   */
  compensateMotion(
    target: Picture,
    y: number,
    x: number,
    size: number,
    fields: ArrayLike<number>,
    offset: number,
    references: References,
    planes: PlaneNumbers = ALL_PLANES,
  ): void {
    const part = size <= MACROBLOCK || isNear(y, x, size, fields, offset, references) ? size : MACROBLOCK;
    for (let dy = 0; dy < size; dy += part) {
      for (let dx = 0; dx < size; dx += part) {
        this.#compensatePart(target, y + dy, x + dx, part, fields, offset, references, planes);
      }
    }
  }

  /** The same for a block that is moved as a whole: of at most 16x16, or not far outside the references. */
  #compensatePart(
    target: Picture,
    y: number,
    x: number,
    size: number,
    fields: ArrayLike<number>,
    offset: number,
    references: References,
    planes: PlaneNumbers,
  ): void {
    const reference = fields[offset]!;
    const slot = reference === 1 ? 1 : 0;
    for (const p of planes) {
      const plane = target.planes[p];
      const shift = p === 0 ? 0 : 1;
      const width = size >> shift;
      const to = plane.at + (y >> shift) * plane.stride + (x >> shift);
      const vector = offset + 1 + slot * 2;
      this.#move(references, slot, p, y >> shift, x >> shift, width, fields, vector, to, plane.stride);
      if (reference !== AVERAGE) continue;
      this.#move(references, 1, p, y >> shift, x >> shift, width, fields, offset + 3, this.#second, width);
      this.#kernels.call.averageBlocks(to, plane.stride, this.#second, width, to, plane.stride, width, width);
    }
  }

  #move(
    references: References,
    slot: 0 | 1,
    p: number,
    y: number,
    x: number,
    width: number,
    motion: ArrayLike<number>,
    vector: number,
    to: Pointer,
    toStride: number,
  ): void {
    const plane = references.pictures[slot]!.planes[p]!;
    const mvx = motion[vector]!;
    const mvy = motion[vector + 1]!;
    const whole = p === 0 ? LUMA_SHIFT : CHROMA_SHIFT;
    const mask = (p === 0 ? LUMA_PHASES : CHROMA_PHASES) - 1;
    // A block that is completely outside contains only repeated edge samples, at any position.
    const fromX = Math.max(-(width + LUMA_TAPS), Math.min(plane.width + LUMA_TAPS, x + (mvx >> whole)));
    const fromY = Math.max(-(width + LUMA_TAPS), Math.min(plane.height + LUMA_TAPS, y + (mvy >> whole)));
    this.#kernels.call.compensate(
      plane.at + fromY * plane.stride + fromX,
      plane.stride,
      to,
      toStride,
      width,
      width,
      p === 0 ? this.#tables.interpolation[references.interpolation]! : this.#tables.interpolationChroma,
      p === 0 ? LUMA_TAPS : CHROMA_TAPS,
      mvx & mask,
      mvy & mask,
    );
  }

  #offset(intra: boolean, index: 0 | 1): number {
    return this.#tables.pack.reconstructionOffset[(intra ? 0 : 2) + index]!;
  }
}

/** Returns whether a large block's motion points nowhere so far outside that positions of its macroblocks are limited. */
function isNear(
  y: number,
  x: number,
  size: number,
  fields: ArrayLike<number>,
  offset: number,
  { pictures }: References,
): boolean {
  for (let slot = 0; slot < 2; slot++) {
    const reference = pictures[slot];
    if (reference === null || reference === undefined) continue;
    const { width, height } = reference.y;
    const left = x + (fields[offset + 1 + 2 * slot]! >> LUMA_SHIFT);
    const top = y + (fields[offset + 2 + 2 * slot]! >> LUMA_SHIFT);
    if (
      left < -MACROBLOCK ||
      top < -MACROBLOCK ||
      left + size > width + MACROBLOCK ||
      top + size > height + MACROBLOCK
    ) {
      return false;
    }
  }
  return true;
}

/** Returns whether all samples above right that intra prediction of a block sees are there. */
function hasAboveRight(geometry: Geometry, row: number, column: number, size: number): boolean {
  const width = 1 << size;
  const right = column + width;
  if (row === 0 || right + width > geometry.columns) return false;
  return isCodedBefore(2 * row - 1, 2 * right, 2 * row, 2 * column);
}
