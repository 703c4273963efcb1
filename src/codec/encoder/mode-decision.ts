import type { Kernels, Pointer } from '../../kernels/kernels.js';
import { BlockReconstruction, type References } from '../block-reconstruction.js';
import type { FrameHead } from '../frame-head.js';
import {
  blockQ,
  INTER16,
  INTER8,
  INTRA16,
  INTRA8,
  isIntra,
  NO_REFERENCE,
  SKIP,
  TOKENS_PER_BLOCK,
  type FrameTokens,
  type Geometry,
} from '../frame-tokens.js';
import type { KernelTables } from '../kernel-tables.js';
import {
  chromaGroupsContext,
  intraModeContext,
  lumaGroupsContext,
  transformContext,
  typeContext,
  typeKeyContext,
} from '../mode-contexts.js';
import { CANDIDATES, MOTION_FIELDS, MotionNeighbours, setMotion } from '../motion.js';
import { Picture } from '../picture.js';
import type { RateModel } from './rate-model.js';
import { newBlockTokens, ResidualCoding, type ResidualChoice } from './residual-coding.js';

/** Lagrangian weight: squared error per bit, in squared quantiser steps. */
const LAMBDA_FACTOR = 0.18;
/** Candidates whose SATD cost exceeds the best by this factor are not tried in full. */
const TRIAL_MARGIN = 1.25;
/** Intra prediction is tried in inter frames only where its SATD cost is below this multiple of the best inter cost. */
const INTRA_MARGIN = 1.1;
/** Hexagon steps of the motion search. */
const SEARCH_STEPS = 24;
/** Vectors may point this far outside the picture, whole samples. */
const SEARCH_OUTSIDE = 24;
const SEARCH_RANGE = 1024;

/** What one way of coding a macroblock costs and needs. */
interface Trial {
  cost: number;
  type: number;
  transform: number;
  lumaGroups: number;
  chromaGroups: number;
  readonly tokens: Int16Array;
  readonly modes: Uint8Array;
  /** [4, 5]: motion of each sub-block. */
  readonly motion: Int16Array;
}

/**
 * Decides modes, motion and tokens of all macroblocks of a frame by Lagrangian costs (Sullivan and Wiegand 1998,
 * "Rate-distortion optimization for video compression"), reconstructing each before the next. Encoder only: nothing
 * here is normative.
 */
export class ModeDecision {
  readonly #kernels: Kernels;
  readonly #tables: KernelTables;
  readonly #rates: RateModel;
  readonly #blocks: BlockReconstruction;
  readonly #residuals: ResidualCoding;
  readonly #geometry: Geometry;
  readonly #neighbours = new MotionNeighbours();
  readonly #scratch: Picture;
  readonly #starts: Pointer;
  readonly #vector: Pointer;
  readonly #prediction: Pointer;
  readonly #best: Trial = newTrial();
  readonly #trial: Trial = newTrial();
  readonly #spare = newBlockTokens();
  readonly #candidates = new Int16Array(CANDIDATES * MOTION_FIELDS);

  constructor(kernels: Kernels, tables: KernelTables, rates: RateModel, geometry: Geometry) {
    this.#kernels = kernels;
    this.#tables = tables;
    this.#rates = rates;
    this.#geometry = geometry;
    this.#blocks = new BlockReconstruction(kernels, tables);
    this.#residuals = new ResidualCoding(kernels, tables, rates);
    this.#scratch = new Picture(kernels, geometry);
    this.#starts = kernels.allocate(64);
    this.#vector = kernels.allocate(8);
    this.#prediction = kernels.allocate(256);
  }

  /**
   * Fills `tokens` (whose qOffset is set) and `target`, the reconstruction before the loop filter.
   *
   * @param hints motion of the frame before on the 8x8 grid, or null.
   */
  decide(
    head: FrameHead,
    source: Picture,
    target: Picture,
    tokens: FrameTokens,
    references: References,
    hints: FrameTokens | null,
  ): void {
    const { rows, columns } = this.#geometry;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        this.#decideBlock(head, source, target, tokens, references, hints, row, column);
      }
    }
  }

  #decideBlock(
    head: FrameHead,
    source: Picture,
    target: Picture,
    tokens: FrameTokens,
    references: References,
    hints: FrameTokens | null,
    row: number,
    column: number,
  ): void {
    const q = blockQ(tokens, head.q, row, column);
    const step = this.#tables.pack.step[q]! / 8;
    const block: BlockJob = {
      head,
      source,
      target,
      tokens,
      references,
      row,
      column,
      at: row * this.#geometry.columns + column,
      sub: 4 * row * this.#geometry.columns + 2 * column,
      q,
      lambda: LAMBDA_FACTOR * step * step,
      // SATD of an 8x8 block, halved twice, is about twice the sum of absolute differences; sqrt(lambda) weighs both.
      satdLambda: Math.sqrt(LAMBDA_FACTOR) * step * 1.4,
    };
    this.#best.cost = Infinity;
    if (head.kind === 'inter') {
      const interCost = this.#tryInter(block, hints);
      this.#tryIntra(block, interCost);
    } else {
      this.#tryIntra(block, Infinity);
    }
    this.#commit(block);
  }

  /** Tries skip, merged, new and split motion; returns the least SATD cost of a prediction. */
  #tryInter(block: BlockJob, hints: FrameTokens | null): number {
    const { tokens, row, column, source } = block;
    const { modes } = this.#rates.tables;
    const typeOf = typeContext(tokens, row, column);
    const neighbours = this.#neighbours;
    neighbours.gather(tokens, 2 * row, 2 * column, 2);
    this.#candidates.set(neighbours.candidates);
    const candidates = this.#candidates;
    const from = source.y.at + row * 16 * source.y.stride + column * 16;
    const scratchAt = this.#scratch.y.at + row * 16 * this.#scratch.y.stride + column * 16;

    // Merge candidates: full trial as skip, SATD as prediction of a residual.
    let bestSatd = Infinity;
    let bestMerge = 0;
    for (let i = 0; i < CANDIDATES; i++) {
      if (i > 0 && sameMotion(candidates, i, i - 1)) break;
      this.#predictInter(block, candidates, i * MOTION_FIELDS);
      this.#trySkip(block, modes.type.cost(typeOf, SKIP) + modes.motionSkip.cost(0, i));
      const satd =
        this.#kernels.call.blockSatd(from, source.y.stride, scratchAt, this.#scratch.y.stride, 16) +
        block.satdLambda * modes.motion.cost(0, i);
      if (satd < bestSatd) {
        bestSatd = satd;
        bestMerge = i;
      }
    }

    // New motion of the whole macroblock.
    const predictedX = neighbours.predict(0, 0);
    const predictedY = neighbours.predict(0, 1);
    const vector = new Int16Array(MOTION_FIELDS);
    this.#collectStarts(block, hints, predictedX, predictedY);
    const searchCost = this.#search(block, 0, 0, 16, predictedX, predictedY, vector);
    const newSatd = searchCost + block.satdLambda * modes.motion.cost(0, 3);
    const known = indexOfMotion(candidates, vector);

    const typeBits = modes.type.cost(typeOf, INTER16);
    if (bestSatd < TRIAL_MARGIN * newSatd) {
      this.#predictInter(block, candidates, bestMerge * MOTION_FIELDS);
      this.#tryResidual(block, INTER16, typeBits + modes.motion.cost(0, bestMerge));
    }
    if (known < 0 && newSatd < TRIAL_MARGIN * bestSatd) {
      this.#predictInter(block, vector, 0);
      const bits = this.#vectorBits(vector, predictedX, predictedY);
      this.#tryResidual(block, INTER16, typeBits + modes.motion.cost(0, 3) + bits);
    }
    const best16 = Math.min(bestSatd, newSatd);

    // Split only where there is something to gain: residual of the best 16x16 above the noise of the quantiser.
    if (this.#best.type !== SKIP || this.#best.cost > 30 * block.lambda) {
      const splitCost = this.#split(block, vector, modes.type.cost(typeOf, INTER8));
      if (splitCost.satd < best16) {
        this.#tryResidual(block, INTER8, splitCost.bits);
      }
    }
    // Leave no trace of trials: contexts of later blocks read these fields.
    clearMotion(tokens, row, column);
    return best16;
  }

  /** Searches the four sub-blocks; leaves their prediction in the scratch picture and their motion in the tokens. */
  #split(block: BlockJob, whole: Int16Array, typeBits: number): { satd: number; bits: number } {
    const { tokens, row, column, source } = block;
    const { modes } = this.#rates.tables;
    const neighbours = this.#neighbours;
    const { call } = this.#kernels;
    const vector = new Int16Array(MOTION_FIELDS);
    let satd = block.satdLambda * typeBits;
    let bits = typeBits;
    clearMotion(tokens, row, column);
    for (let sub = 0; sub < 4; sub++) {
      const y = 2 * row + (sub >> 1);
      const x = 2 * column + (sub & 1);
      neighbours.gather(tokens, y, x, 1);
      const predictedX = neighbours.predict(0, 0);
      const predictedY = neighbours.predict(0, 1);
      const at = block.sub + (sub >> 1) * 2 * this.#geometry.columns + (sub & 1);
      const starts = this.#kernels.i16;
      const base = this.#starts >> 1;
      starts[base] = whole[1]!;
      starts[base + 1] = whole[2]!;
      starts[base + 2] = predictedX;
      starts[base + 3] = predictedY;
      this.#startCount = 2;
      const searched = this.#search(block, (sub >> 1) * 8, (sub & 1) * 8, 8, predictedX, predictedY, vector);
      let bestCost = searched + block.satdLambda * modes.motion.cost(1, 3);
      let bestBits = modes.motion.cost(1, 3) + this.#vectorBits(vector, predictedX, predictedY);
      let choice = -1;
      const from = source.y.at + (row * 16 + (sub >> 1) * 8) * source.y.stride + column * 16 + (sub & 1) * 8;
      const to =
        this.#scratch.y.at +
        (row * 16 + (sub >> 1) * 8) * this.#scratch.y.stride +
        column * 16 +
        (sub & 1) * 8;
      for (let i = 0; i < CANDIDATES; i++) {
        if (i > 0 && sameMotion(neighbours.candidates, i, i - 1)) break;
        setMotion(tokens, y, x, 1, neighbours.candidates, i * MOTION_FIELDS);
        this.#compensate(block, sub, at);
        const rate = modes.motion.cost(1, i);
        const cost =
          call.blockSatd(from, source.y.stride, to, this.#scratch.y.stride, 8) + block.satdLambda * rate;
        if (cost < bestCost) {
          bestCost = cost;
          bestBits = rate;
          choice = i;
        }
      }
      if (choice < 0) setMotion(tokens, y, x, 1, vector, 0);
      else setMotion(tokens, y, x, 1, neighbours.candidates, choice * MOTION_FIELDS);
      this.#compensate(block, sub, at);
      satd += bestCost;
      bits += bestBits;
    }
    return { satd, bits };
  }

  #compensate(block: BlockJob, sub: number, at: number): void {
    const y = block.row * 16 + (sub >> 1) * 8;
    const x = block.column * 16 + (sub & 1) * 8;
    this.#blocks.compensate(this.#scratch, y, x, 8, block.tokens, at, block.references);
  }

  /** Full cost of leaving the scratch prediction as it is. */
  #trySkip(block: BlockJob, bits: number): void {
    const distortion = this.#predictionError(block, 0) + this.#predictionError(block, 1) + this.#predictionError(block, 2);
    const cost = distortion + block.lambda * bits;
    if (cost >= this.#best.cost) return;
    const best = this.#best;
    best.cost = cost;
    best.type = SKIP;
    best.transform = 0;
    best.lumaGroups = 0;
    best.chromaGroups = 0;
    this.#keepMotion(block, best);
  }

  /** Full cost of the scratch prediction plus the better transform's residual. */
  #tryResidual(block: BlockJob, type: number, bits: number): void {
    const { row, column, source, q, lambda, tokens } = block;
    const trial = this.#trial;
    const context = lumaGroupsContext(tokens, row, column, type);
    const { y } = this.#scratch;
    const from = source.y.at + row * 16 * source.y.stride + column * 16;
    const prediction = y.at + row * 16 * y.stride + column * 16;
    const { pack } = this.#tables;
    const residuals = this.#residuals;
    const { transform: transformTables } = this.#rates.tables.modes;
    const smallContext = transformContext(tokens, row, column, type);
    let luma: ResidualChoice = residuals.luma16(
      from, source.y.stride, prediction, y.stride, q, pack.interBasis16[0]!, false, context, lambda, trial.tokens, 0,
    );
    trial.transform = 0;
    if (luma.groups > 0) {
      luma.cost += lambda * transformTables.cost(smallContext, 0);
      const small = residuals.luma8(
        from, source.y.stride, prediction, y.stride, q, pack.interBasis8[0]!, false, context, lambda, this.#spare, 0,
      );
      if (small.groups > 0) small.cost += lambda * transformTables.cost(smallContext, 1);
      if (small.cost < luma.cost) {
        luma = small;
        trial.transform = small.groups > 0 ? 1 : 0;
        trial.tokens.set(this.#spare.subarray(0, 256), 0);
      }
    }
    const chroma = this.#tryChroma(block, this.#scratch, type, luma.groups > 0, trial.tokens);
    trial.cost = luma.cost + chroma.cost + lambda * bits;
    if (luma.groups === 0 && chroma.groups === 0 && type === INTER16) return; // skip is the same and cheaper, or nearly
    if (trial.cost >= this.#best.cost) return;
    trial.type = type;
    trial.lumaGroups = luma.groups;
    trial.chromaGroups = chroma.groups;
    this.#keepMotion(block, trial);
    this.#swap();
  }

  #tryChroma(
    block: BlockJob,
    prediction: Picture,
    type: number,
    hasLuma: boolean,
    tokens: Int16Array,
  ): ResidualChoice {
    const { row, column, source } = block;
    const context = chromaGroupsContext(block.tokens, row, column, type, hasLuma);
    return this.#residuals.chroma(
      [source.u, source.v],
      row * 8 * source.u.stride + column * 8,
      [prediction.u, prediction.v],
      row * 8 * prediction.u.stride + column * 8,
      block.q,
      isIntra(type),
      context,
      block.lambda,
      tokens,
      0,
    );
  }

  #tryIntra(block: BlockJob, interSatd: number): void {
    const { row, column, source, target, tokens } = block;
    const { modes } = this.#rates.tables;
    const { call } = this.#kernels;
    const { columns } = this.#geometry;
    const key = block.head.kind === 'key';
    const typeBits = (type: number): number =>
      key
        ? modes.typeKey.cost(typeKeyContext(tokens, row, column), type - INTRA16)
        : modes.type.cost(typeContext(tokens, row, column), type);
    const from = source.y.at + row * 16 * source.y.stride + column * 16;
    const boundary = this.#blocks.lumaBoundary(target, row, column, -1, columns);
    const modeCount = this.#tables.pack.intraModes;
    const context = intraModeContext(tokens, 2 * row, 2 * column, modeCount);
    let first = -1;
    let second = -1;
    let firstCost = Infinity;
    let secondCost = Infinity;
    for (let mode = 0; mode < modeCount; mode++) {
      call.intraPredict(boundary, 16, this.#tables.intra16[mode]!, this.#prediction, 16);
      const cost =
        call.blockSatd(from, source.y.stride, this.#prediction, 16, 16) +
        block.satdLambda * modes.intraMode16.cost(context, mode);
      if (cost < firstCost) {
        second = first;
        secondCost = firstCost;
        first = mode;
        firstCost = cost;
      } else if (cost < secondCost) {
        second = mode;
        secondCost = cost;
      }
    }
    if (firstCost > INTRA_MARGIN * interSatd) return;
    clearMotion(tokens, row, column);
    this.#tryIntra16(block, first, typeBits(INTRA16) + modes.intraMode16.cost(context, first));
    if (key && second >= 0 && secondCost < 1.1 * firstCost) {
      this.#tryIntra16(block, second, typeBits(INTRA16) + modes.intraMode16.cost(context, second));
    }
    this.#tryIntra8(block, typeBits(INTRA8));
  }

  #tryIntra16(block: BlockJob, mode: number, bits: number): void {
    const { row, column, source, target, q, lambda, tokens } = block;
    const trial = this.#trial;
    const { columns } = this.#geometry;
    const { pack } = this.#tables;
    const context = lumaGroupsContext(tokens, row, column, INTRA16);
    const from = source.y.at + row * 16 * source.y.stride + column * 16;
    const boundary = this.#blocks.lumaBoundary(target, row, column, -1, columns);
    this.#kernels.call.intraPredict(boundary, 16, this.#tables.intra16[mode]!, this.#prediction, 16);
    const { transform: transformTables } = this.#rates.tables.modes;
    const smallContext = transformContext(tokens, row, column, INTRA16);
    const residuals = this.#residuals;
    let luma = residuals.luma16(
      from, source.y.stride, this.#prediction, 16, q, pack.intraBasis16[mode]!, true, context, lambda, trial.tokens, 0,
    );
    trial.transform = 0;
    if (luma.groups > 0) {
      luma.cost += lambda * transformTables.cost(smallContext, 0);
      const small = residuals.luma8(
        from, source.y.stride, this.#prediction, 16, q, pack.intraBasis8[mode]!, true, context, lambda, this.#spare, 0,
      );
      if (small.groups > 0) small.cost += lambda * transformTables.cost(smallContext, 1);
      if (small.cost < luma.cost) {
        luma = small;
        trial.transform = small.groups > 0 ? 1 : 0;
        trial.tokens.set(this.#spare.subarray(0, 256), 0);
      }
    }
    this.#finishIntra(block, INTRA16, luma.cost + lambda * bits, luma.groups, mode);
  }

  /** Sub-blocks one after another, each predicted from the reconstruction of those before. */
  #tryIntra8(block: BlockJob, typeBits: number): void {
    const { row, column, source, target, q, lambda, tokens } = block;
    const trial = this.#trial;
    const { modes } = this.#rates.tables;
    const { call } = this.#kernels;
    const { columns } = this.#geometry;
    const { pack } = this.#tables;
    const modeCount = pack.intraModes;
    const { stride } = target.y;
    tokens.type[block.at] = INTRA8;
    trial.tokens.fill(0);
    let cost = lambda * typeBits;
    let groups = 0;
    for (let sub = 0; sub < 4; sub++) {
      const y = row * 16 + (sub >> 1) * 8;
      const x = column * 16 + (sub & 1) * 8;
      const from = source.y.at + y * source.y.stride + x;
      const to = target.y.at + y * stride + x;
      const boundary = this.#blocks.lumaBoundary(target, row, column, sub, columns);
      const context = intraModeContext(tokens, y >> 3, x >> 3, modeCount);
      let best = 0;
      let bestSatd = Infinity;
      for (let mode = 0; mode < modeCount; mode++) {
        call.intraPredict(boundary, 8, this.#tables.intra8[mode]!, this.#prediction, 8);
        const satd =
          call.blockSatd(from, source.y.stride, this.#prediction, 8, 8) +
          block.satdLambda * modes.intraMode8.cost(context, mode);
        if (satd < bestSatd) {
          bestSatd = satd;
          best = mode;
        }
      }
      trial.modes[sub] = best;
      tokens.intraMode[block.sub + (sub >> 1) * 2 * columns + (sub & 1)] = best;
      call.intraPredict(boundary, 8, this.#tables.intra8[best]!, to, stride);
      const basis = pack.intraBasis8[best]!;
      const choice = this.#residuals.lumaSub(from, source.y.stride, to, stride, q, basis, sub, lambda, trial.tokens, 0);
      cost += choice.cost + lambda * modes.intraMode8.cost(context, best);
      groups = Math.max(groups, choice.groups);
      if (cost >= this.#best.cost) return;
      if (choice.groups > 0) {
        this.#blocks.loadTokens(trial.tokens, 0);
        this.#blocks.addLuma8(to, stride, q, sub, basis, true);
      }
    }
    const context = lumaGroupsContext(tokens, row, column, INTRA8);
    cost += lambda * modes.lumaGroups.cost(context, groups);
    trial.transform = 1;
    this.#finishIntra(block, INTRA8, cost, groups, trial.modes[0]!);
  }

  /** Adds chroma to an intra trial and keeps it if it is the best so far. */
  #finishIntra(block: BlockJob, type: number, cost: number, groups: number, mode: number): void {
    const trial = this.#trial;
    const { row, column } = block;
    const { columns } = this.#geometry;
    if (cost >= this.#best.cost) return;
    this.#blocks.predictIntraChroma(block.target.u, row, column, mode, columns);
    this.#blocks.predictIntraChroma(block.target.v, row, column, mode, columns);
    const chroma = this.#tryChroma(block, block.target, type, groups > 0, trial.tokens);
    trial.cost = cost + chroma.cost;
    if (trial.cost >= this.#best.cost) return;
    trial.type = type;
    trial.lumaGroups = groups;
    trial.chromaGroups = chroma.groups;
    if (type === INTRA16) trial.modes.fill(mode);
    trial.motion.fill(0);
    this.#swap();
  }

  /** Writes the best trial into the tokens and reconstructs it. */
  #commit(block: BlockJob): void {
    const { tokens, row, column, at } = block;
    const best = this.#best;
    const { columns } = this.#geometry;
    tokens.type[at] = best.type;
    tokens.transform[at] = best.transform;
    tokens.basis[at] = 0;
    tokens.lumaGroups[at] = best.lumaGroups;
    tokens.chromaGroups[at] = best.chromaGroups;
    clearMotion(tokens, row, column);
    for (let sub = 0; sub < 4; sub++) {
      const to = block.sub + (sub >> 1) * 2 * columns + (sub & 1);
      tokens.intraMode[to] = isIntra(best.type) ? best.modes[sub]! : 0;
      if (!isIntra(best.type)) {
        setMotion(tokens, 2 * row + (sub >> 1), 2 * column + (sub & 1), 1, best.motion, sub * MOTION_FIELDS);
      }
    }
    const base = at * TOKENS_PER_BLOCK;
    tokens.coefficients.fill(0, base, base + TOKENS_PER_BLOCK);
    if (best.lumaGroups > 0) tokens.coefficients.set(best.tokens.subarray(0, 256), base);
    if (best.chromaGroups > 0) tokens.coefficients.set(best.tokens.subarray(256), base + 256);
    this.#blocks.reconstruct(block.target, tokens, block.q, row, column, block.references);
  }

  #swap(): void {
    const { tokens, modes, motion } = this.#best;
    tokens.set(this.#trial.tokens);
    modes.set(this.#trial.modes);
    motion.set(this.#trial.motion);
    const { cost, type, transform, lumaGroups, chromaGroups } = this.#trial;
    Object.assign(this.#best, { cost, type, transform, lumaGroups, chromaGroups });
  }

  #keepMotion(block: BlockJob, trial: Trial): void {
    const { tokens } = block;
    for (let sub = 0; sub < 4; sub++) {
      const at = block.sub + (sub >> 1) * 2 * this.#geometry.columns + (sub & 1);
      trial.motion[sub * MOTION_FIELDS] = tokens.reference[at]!;
      for (let i = 0; i < 4; i++) trial.motion[sub * MOTION_FIELDS + 1 + i] = tokens.motion[at * 4 + i]!;
    }
  }

  /** Compensates the whole macroblock with one motion into the scratch picture (and the tokens). */
  #predictInter(block: BlockJob, fields: ArrayLike<number>, offset: number): void {
    const { tokens, row, column } = block;
    setMotion(tokens, 2 * row, 2 * column, 2, fields, offset);
    this.#blocks.compensate(this.#scratch, row * 16, column * 16, 16, tokens, block.sub, block.references);
  }

  #predictionError(block: BlockJob, p: number): number {
    const { row, column } = block;
    const from = block.source.planes[p]!;
    const to = this.#scratch.planes[p]!;
    const size = p === 0 ? 16 : 8;
    return this.#kernels.call.blockSsd(
      from.at + row * size * from.stride + column * size,
      from.stride,
      to.at + row * size * to.stride + column * size,
      to.stride,
      size,
      size,
    );
  }

  #startCount = 0;

  #collectStarts(block: BlockJob, hints: FrameTokens | null, predictedX: number, predictedY: number): void {
    const list = this.#kernels.i16;
    const base = this.#starts >> 1;
    let count = 0;
    const add = (x: number, y: number): void => {
      for (let i = 0; i < count; i++) if (list[base + 2 * i] === x && list[base + 2 * i + 1] === y) return;
      list[base + 2 * count] = x;
      list[base + 2 * count + 1] = y;
      count++;
    };
    add(predictedX, predictedY);
    add(0, 0);
    for (let i = 0; i < CANDIDATES; i++) {
      add(this.#candidates[i * MOTION_FIELDS + 1]!, this.#candidates[i * MOTION_FIELDS + 2]!);
    }
    if (hints !== null) {
      const { columns, rows } = this.#geometry;
      const stride = 2 * columns;
      const right = block.column + 1 < columns ? block.sub + 2 : block.sub;
      const below = block.row + 1 < rows ? block.sub + 2 * stride : block.sub;
      for (const at of [block.sub, block.sub + stride + 1, right, below]) {
        if (hints.reference[at] !== NO_REFERENCE) add(hints.motion[at * 4]!, hints.motion[at * 4 + 1]!);
      }
    }
    this.#startCount = count;
  }

  #search(
    block: BlockJob,
    y: number,
    x: number,
    size: number,
    predictedX: number,
    predictedY: number,
    vector: Int16Array,
  ): number {
    const { source, references } = block;
    const reference = references.pictures[0]!.y;
    const top = block.row * 16 + y;
    const left = block.column * 16 + x;
    const cost = this.#kernels.call.searchMotion(
      source.y.at + top * source.y.stride + left,
      source.y.stride,
      reference.at + top * reference.stride + left,
      reference.stride,
      size,
      this.#starts,
      this.#startCount,
      predictedX,
      predictedY,
      Math.max(-SEARCH_RANGE, -left - SEARCH_OUTSIDE + 1 + (16 - size)),
      Math.min(SEARCH_RANGE, reference.width - left - size + SEARCH_OUTSIDE - 5 - (16 - size)),
      Math.max(-SEARCH_RANGE, -top - SEARCH_OUTSIDE + 1 + (16 - size)),
      Math.min(SEARCH_RANGE, reference.height - top - size + SEARCH_OUTSIDE - 5 - (16 - size)),
      block.satdLambda,
      SEARCH_STEPS,
      this.#tables.interpolation[references.interpolation]!,
      this.#vector,
    );
    vector[0] = 0;
    vector[1] = this.#kernels.i16[this.#vector >> 1]!;
    vector[2] = this.#kernels.i16[(this.#vector >> 1) + 1]!;
    return cost;
  }

  #vectorBits(vector: Int16Array, predictedX: number, predictedY: number): number {
    const { motionClass } = this.#rates.tables.modes;
    let bits = 0;
    for (let component = 0; component < 2; component++) {
      const size = Math.abs(vector[1 + component]! - (component === 0 ? predictedX : predictedY));
      const index = size === 0 ? 0 : 32 - Math.clz32(size);
      const context = 3 * component + this.#neighbours.differenceContext(component);
      bits += motionClass.cost(context, index) + index;
    }
    return bits;
  }
}

interface BlockJob {
  readonly head: FrameHead;
  readonly source: Picture;
  readonly target: Picture;
  readonly tokens: FrameTokens;
  readonly references: References;
  readonly row: number;
  readonly column: number;
  /** Index of the macroblock, and of its first sub-block on the 8x8 grid. */
  readonly at: number;
  readonly sub: number;
  readonly q: number;
  readonly lambda: number;
  readonly satdLambda: number;
}

function newTrial(): Trial {
  return {
    cost: Infinity,
    type: SKIP,
    transform: 0,
    lumaGroups: 0,
    chromaGroups: 0,
    tokens: newBlockTokens(),
    modes: new Uint8Array(4),
    motion: new Int16Array(4 * MOTION_FIELDS),
  };
}

function sameMotion(list: Int16Array, a: number, b: number): boolean {
  for (let i = 0; i < MOTION_FIELDS; i++) {
    if (list[a * MOTION_FIELDS + i] !== list[b * MOTION_FIELDS + i]) return false;
  }
  return true;
}

function indexOfMotion(candidates: Int16Array, vector: Int16Array): number {
  for (let i = 0; i < CANDIDATES; i++) {
    let equal = true;
    for (let k = 0; k < MOTION_FIELDS; k++) equal &&= candidates[i * MOTION_FIELDS + k] === vector[k];
    if (equal) return i;
  }
  return -1;
}

function clearMotion(tokens: FrameTokens, row: number, column: number): void {
  setMotion(tokens, 2 * row, 2 * column, 2, [NO_REFERENCE, 0, 0, 0, 0], 0);
}
