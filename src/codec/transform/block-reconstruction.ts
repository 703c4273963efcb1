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
import { AVERAGE, CHROMA_TOKENS, INTER8, INTRA8, isIntra, TOKENS_PER_BLOCK, type FrameTokens } from './frame-tokens.js';
import type { KernelTables } from './kernel-tables.js';
import { boundarySamples, CHROMA_PHASES, CHROMA_TAPS, LUMA_PHASES, LUMA_TAPS } from './pack-tables.js';
import type { Picture } from './picture.js';
import type { Plane } from '../planes.js';

/** Shifts from the units of vectors to whole samples. */
const LUMA_SHIFT = shiftOf(LUMA_PHASES);
const CHROMA_SHIFT = shiftOf(CHROMA_PHASES);

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
  readonly #boundary: Pointer;
  readonly #second: Pointer;

  constructor(kernels: Kernels, tables: KernelTables) {
    this.#kernels = kernels;
    this.#tables = tables;
    this.#accumulator = kernels.allocate(MACROBLOCK_SAMPLES * 4);
    this.#tokens = kernels.allocate(TOKENS_PER_BLOCK * 2);
    this.#boundary = kernels.allocate(boundarySamples(MACROBLOCK));
    this.#second = kernels.allocate(MACROBLOCK_SAMPLES);
  }

  /** Reconstructs one macroblock of `target` from its tokens. */
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
    const hasResidual = tokens.lumaGroups[at]! + tokens.chromaGroups[at]! > 0;
    if (hasResidual) this.loadTokens(tokens.coefficients, at * TOKENS_PER_BLOCK);
    const basis = this.basisOf(tokens, row, column);
    if (isIntra(type)) {
      this.#intraLuma(target, tokens, q, row, column, basis);
      const mode = tokens.intraMode[4 * row * columns + 2 * column]!;
      this.predictIntraChroma(target.u, row, column, mode, columns);
      this.predictIntraChroma(target.v, row, column, mode, columns);
    } else {
      this.predictInter(target, tokens, row, column, references);
      if (tokens.lumaGroups[at]! > 0) this.addLuma(target, row, column, q, tokens.transform[at]!, basis, false);
    }
    if (tokens.chromaGroups[at]! > 0) this.addChroma(target, row, column, q, isIntra(type));
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

  /** Copies the tokens of the macroblock at `offset` to kernel memory for the `add` functions. */
  loadTokens(coefficients: Int16Array, offset: number): void {
    this.#kernels.i16.set(coefficients.subarray(offset, offset + TOKENS_PER_BLOCK), this.#tokens >> 1);
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

  /** Intra boundary of a luma block; `sub` is -1 for the whole macroblock. Returns the address of the boundary. */
  lumaBoundary(target: Picture, row: number, column: number, sub: number, columns: number): Pointer {
    const { stride } = target.y;
    const size = sub < 0 ? MACROBLOCK : SUB_BLOCK;
    const x = column * MACROBLOCK + (sub > 0 ? (sub & 1) * SUB_BLOCK : 0);
    const y = row * MACROBLOCK + (sub > 0 ? (sub >> 1) * SUB_BLOCK : 0);
    const hasTopRight = sub === 2 || (sub !== 3 && (sub === 0 || column + 1 < columns));
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

  /** Predicts both chroma blocks of a macroblock from their boundaries. */
  predictIntraChroma(plane: Plane, row: number, column: number, mode: number, columns: number): void {
    const block = plane.at + row * CHROMA_BLOCK * plane.stride + column * CHROMA_BLOCK;
    const { call } = this.#kernels;
    call.intraBoundary(block, plane.stride, CHROMA_BLOCK, row > 0, column > 0, column + 1 < columns, this.#boundary);
    call.intraPredict(this.#boundary, CHROMA_BLOCK, this.#tables.intra8[mode]!, block, plane.stride);
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
      const boundary = this.lumaBoundary(target, row, column, -1, columns);
      call.intraPredict(boundary, MACROBLOCK, this.#tables.intra16[tokens.intraMode[first]!]!, block, stride);
      if (coded) this.addLuma(target, row, column, q, tokens.transform[at]!, basis, true);
      return;
    }
    for (let sub = 0; sub < 4; sub++) {
      const mode = tokens.intraMode[first + (sub >> 1) * 2 * columns + (sub & 1)]!;
      const to = block + (sub >> 1) * SUB_BLOCK * stride + (sub & 1) * SUB_BLOCK;
      const boundary = this.lumaBoundary(target, row, column, sub, columns);
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

  /** Motion compensation of one partition of `size` luma samples at luma position (`y`, `x`). */
  compensate(
    target: Picture,
    y: number,
    x: number,
    size: number,
    tokens: FrameTokens,
    at: number,
    references: References,
  ): void {
    const { motion } = tokens;
    const reference = tokens.referenceIndex[at]!;
    const slot = reference === 1 ? 1 : 0;
    for (let p = 0; p < 3; p++) {
      const plane = target.planes[p]!;
      const shift = p === 0 ? 0 : 1;
      const width = size >> shift;
      const to = plane.at + (y >> shift) * plane.stride + (x >> shift);
      this.#move(references, slot, p, y >> shift, x >> shift, width, motion, at * 4 + slot * 2, to, plane.stride);
      if (reference !== AVERAGE) continue;
      this.#move(references, 1, p, y >> shift, x >> shift, width, motion, at * 4 + 2, this.#second, width);
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
    motion: Int16Array,
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
