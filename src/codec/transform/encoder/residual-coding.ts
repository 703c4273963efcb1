import type { BlockView } from '../../../kernels/block-view.js';
import type { Kernels, Pointer } from '../../../kernels/kernels.js';
import { TokenQuantiser } from '../../../kernels/token-quantiser.js';
import { CHROMA_LIMIT, LUMA_LIMIT, LUMA_TOKENS, REGION, TOKENS_PER_BLOCK } from '../frame-tokens.js';
import type { KernelTables, SeparableTransform } from '../kernel-tables.js';
import { LARGE_CHROMA_FREQUENCIES, LARGE_LUMA_FREQUENCIES } from '../pack-tables.js';
import {
  CHROMA_BLOCK,
  CHROMA_BLOCK_SAMPLES,
  MACROBLOCK,
  MACROBLOCK_SAMPLES,
  SUB_BLOCK,
  SUB_BLOCK_SAMPLES,
} from '../../macroblock-grid.js';
import { fastTransforms } from './fast-transforms.js';
import { LARGE_CHROMA_KIND, LARGE_LUMA_KIND, tokenClass, type RateModel } from './rate-model.js';

/** The parameters for coding a residual. */
export interface ResidualJob {
  q: number;
  intra: boolean;
  /** Index of the luma basis; chroma has one only. */
  basis: number;
  /** Context of `lumaGroups` or `chromaGroups`. */
  groupContext: number;
  /** Squared error per bit. */
  lambda: number;
}

/** The result of coding one residual. Cost is the squared error plus lambda times the bits. */
export interface ResidualChoice {
  groups: number;
  cost: number;
}

/** Both chroma blocks. */
export type ChromaViews = readonly [BlockView, BlockView];

/** Steps of one block in token order, int32. */
interface TokenSteps {
  readonly luma16: readonly Pointer[];
  readonly luma8: readonly Pointer[];
  /** Intra, inter. */
  readonly chroma: readonly [Pointer, Pointer];
  readonly largeChroma: readonly [Pointer, Pointer];
}

/** Quantisers of one kind of tokens, intra and inter. */
type QuantiserPair = readonly [TokenQuantiser, TokenQuantiser];

/**
 * Forward transforms and rate-aware quantisation of one macroblock's residual (encoder only). All records and buffers
 * are reused: a returned choice is valid until the next call of the same method.
 */
export class ResidualCoding {
  readonly #kernels: Kernels;
  readonly #tables: KernelTables;
  readonly #rates: RateModel;
  /** By basis. */
  readonly #fast16: readonly (SeparableTransform | undefined)[];
  readonly #fast8: readonly (SeparableTransform | undefined)[];
  readonly #residual: Pointer;
  readonly #coefficients: Pointer;
  readonly #tokens: Pointer;
  /** Zero costs of group counts, for callers that count these bits themselves. */
  readonly #freeCosts: Pointer;
  readonly #quantisers: {
    readonly luma16: QuantiserPair;
    readonly luma8: QuantiserPair;
    readonly chroma: QuantiserPair;
    readonly largeLuma: QuantiserPair;
    readonly largeChroma: QuantiserPair;
    /** One for each sub-block. */
    readonly sub: readonly TokenQuantiser[];
  };
  /** Views of the quantised tokens of luma and chroma in kernel memory. */
  #memory: Int16Array | undefined;
  #luma: Int16Array = new Int16Array();
  #chroma: Int16Array = new Int16Array();
  readonly #choices = {
    luma16: newChoice(),
    luma8: newChoice(),
    sub: newChoice(),
    chroma: newChoice(),
    large: newChoice(),
  };
  readonly #steps = new Map<number, TokenSteps>();

  constructor(kernels: Kernels, tables: KernelTables, rates: RateModel) {
    this.#kernels = kernels;
    this.#tables = tables;
    this.#rates = rates;
    this.#fast16 = fastTransforms(kernels, tables.pack.basis16, MACROBLOCK);
    this.#fast8 = fastTransforms(kernels, tables.pack.basis8, SUB_BLOCK);
    this.#residual = kernels.allocate(REGION * REGION * 2);
    this.#coefficients = kernels.allocate(LUMA_TOKENS * 4);
    this.#tokens = kernels.allocate(LUMA_TOKENS * 2);
    this.#freeCosts = kernels.allocate(LUMA_LIMIT.length * 4);
    const { basis16, basis8, basisChroma } = tables.pack;
    const [luma, chroma] = [LUMA_LIMIT, CHROMA_LIMIT].map((limits) => ({
      limits,
      at: kernels.store(Int32Array.from(limits)),
      groupOfToken: kernels.store(groupsOfTokens(limits)),
    }));
    const pair = (kind: number, count: number, limits: Limits, costs = kind): QuantiserPair => [
      this.#newQuantiser(kind, true, count, limits, costs),
      this.#newQuantiser(kind, false, count, limits, costs),
    ];
    this.#quantisers = {
      luma16: pair(0, basis16.atoms, luma!),
      luma8: pair(1, 4 * basis8.atoms, luma!),
      chroma: pair(2, 2 * basisChroma.atoms, chroma!),
      largeLuma: pair(0, LARGE_LUMA_FREQUENCIES ** 2, luma!, LARGE_LUMA_KIND),
      largeChroma: pair(2, 2 * LARGE_CHROMA_FREQUENCIES ** 2, chroma!, LARGE_CHROMA_KIND),
      sub: [0, 1, 2, 3].map((sub) => this.#newQuantiser(1, true, 4 * basis8.atoms, luma!, 1, sub, 4)),
    };
  }

  /** Codes `source - prediction` with one 16x16 transform; `tokens` [256] gets its tokens. */
  luma16(source: BlockView, prediction: BlockView, job: ResidualJob, tokens: Int16Array): ResidualChoice {
    const { call } = this.#kernels;
    const { atoms } = this.#tables.pack.basis16;
    const basis = this.#tables.basis16[job.basis]!;
    call.subtractBlock(source.at, source.stride, prediction.at, prediction.stride, this.#residual, MACROBLOCK);
    const fast = this.#fast16[job.basis];
    if (fast === undefined) {
      call.forwardTransform(this.#residual, MACROBLOCK_SAMPLES, basis, atoms, this.#coefficients, 1);
    } else {
      const { matrix, keep, scan } = fast;
      call.forwardSeparable(this.#residual, MACROBLOCK, matrix, keep, scan, this.#coefficients, 1);
    }
    const steps = this.#stepsOf(job.q).luma16[job.basis]!;
    const costs = this.#rates.lumaGroupCosts(job.groupContext);
    const choice = this.#choices.luma16;
    quantise(this.#quantisers.luma16[job.intra ? 0 : 1], steps, costs, job.lambda, choice);
    this.#take(true, atoms, tokens);
    return choice;
  }

  /** Codes it with four 8x8 transforms; `tokens` [256] gets their tokens. */
  luma8(source: BlockView, prediction: BlockView, job: ResidualJob, tokens: Int16Array): ResidualChoice {
    for (let sub = 0; sub < 4; sub++) {
      const y = (sub >> 1) * SUB_BLOCK;
      const x = (sub & 1) * SUB_BLOCK;
      const from = source.at + y * source.stride + x;
      const to = prediction.at + y * prediction.stride + x;
      this.#forward8(from, source.stride, to, prediction.stride, job.basis, sub);
    }
    const steps = this.#stepsOf(job.q).luma8[job.basis]!;
    const costs = this.#rates.lumaGroupCosts(job.groupContext);
    const choice = this.#choices.luma8;
    quantise(this.#quantisers.luma8[job.intra ? 0 : 1], steps, costs, job.lambda, choice);
    this.#take(true, 4 * this.#tables.pack.basis8.atoms, tokens);
    return choice;
  }

  /**
   * Codes one 8x8 sub-block of an intra8 macroblock; `tokens` [256] hold the tokens of the earlier sub-blocks. The bits
   * of `lumaGroups` are not counted, and `job.groupContext` is not used.
   */
  lumaSub(source: BlockView, prediction: BlockView, sub: number, job: ResidualJob, tokens: Int16Array): ResidualChoice {
    this.#forward8(source.at, source.stride, prediction.at, prediction.stride, job.basis, sub);
    this.#keepUp();
    this.#luma.set(tokens);
    const steps = this.#stepsOf(job.q).luma8[job.basis]!;
    const choice = this.#choices.sub;
    quantise(this.#quantisers.sub[sub]!, steps, this.#freeCosts, job.lambda, choice);
    this.#take(true, 4 * this.#tables.pack.basis8.atoms, tokens);
    return choice;
  }

  /** Codes both chroma blocks; `tokens` [128] gets their tokens. */
  chroma(source: ChromaViews, prediction: ChromaViews, job: ResidualJob, tokens: Int16Array): ResidualChoice {
    const { call } = this.#kernels;
    const kind = job.intra ? 0 : 1;
    const { atoms } = this.#tables.pack.basisChroma;
    const basis = this.#tables.basisChroma[kind];
    for (let p = 0; p < 2; p++) {
      const from = source[p]!;
      const to = prediction[p]!;
      call.subtractBlock(from.at, from.stride, to.at, to.stride, this.#residual, CHROMA_BLOCK);
      call.forwardTransform(this.#residual, CHROMA_BLOCK_SAMPLES, basis, atoms, this.#coefficients + 4 * p, 2);
    }
    const costs = this.#rates.chromaGroupCosts(job.groupContext);
    const choice = this.#choices.chroma;
    quantise(this.#quantisers.chroma[kind], this.#stepsOf(job.q).chroma[kind], costs, job.lambda, choice);
    this.#take(false, 2 * atoms, tokens);
    return choice;
  }

  /**
   * Codes the luma of a 32x32 or 64x64 block; `tokens` [256] gets its tokens. Frequencies that the transform does not keep
   * count as error.
   *
   * @param size a value of `FrameTokens.blockSize`.
   */
  largeLuma(
    source: BlockView,
    prediction: BlockView,
    size: number,
    job: ResidualJob,
    tokens: Int16Array,
  ): ResidualChoice {
    const { call } = this.#kernels;
    const { matrix, keep, scan } = this.#tables.large[size]!.luma;
    const width = source.size;
    call.subtractBlock(source.at, source.stride, prediction.at, prediction.stride, this.#residual, width);
    const lost =
      call.blockSsd(source.at, source.stride, prediction.at, prediction.stride, width, width) -
      call.forwardSeparable(this.#residual, width, matrix, keep, scan, this.#coefficients, 1);
    const costs = this.#rates.lumaGroupCosts(job.groupContext);
    const choice = this.#choices.large;
    const steps = this.#tables.steps(job.q).largeLuma;
    quantise(this.#quantisers.largeLuma[job.intra ? 0 : 1], steps, costs, job.lambda, choice);
    choice.cost += lost;
    this.#take(true, LUMA_TOKENS, tokens);
    return choice;
  }

  /** Codes both chroma blocks of a 32x32 or 64x64 block alike; `tokens` [128] gets their tokens. */
  largeChroma(
    source: ChromaViews,
    prediction: ChromaViews,
    size: number,
    job: ResidualJob,
    tokens: Int16Array,
  ): ResidualChoice {
    const { call } = this.#kernels;
    const { matrix, keep, scan } = this.#tables.large[size]!.chroma;
    let lost = 0;
    for (let p = 0; p < 2; p++) {
      const from = source[p]!;
      const to = prediction[p]!;
      const width = from.size;
      call.subtractBlock(from.at, from.stride, to.at, to.stride, this.#residual, width);
      lost +=
        call.blockSsd(from.at, from.stride, to.at, to.stride, width, width) -
        call.forwardSeparable(this.#residual, width, matrix, keep, scan, this.#coefficients + 4 * p, 2);
    }
    const kind = job.intra ? 0 : 1;
    const costs = this.#rates.chromaGroupCosts(job.groupContext);
    const choice = this.#choices.large;
    quantise(this.#quantisers.largeChroma[kind], this.#stepsOf(job.q).largeChroma[kind], costs, job.lambda, choice);
    choice.cost += lost;
    this.#take(false, 2 * keep * keep, tokens);
    return choice;
  }

  #forward8(
    source: Pointer,
    sourceStride: number,
    prediction: Pointer,
    predictionStride: number,
    basis: number,
    sub: number,
  ): void {
    const { call } = this.#kernels;
    call.subtractBlock(source, sourceStride, prediction, predictionStride, this.#residual, SUB_BLOCK);
    const output = this.#coefficients + 4 * sub;
    const fast = this.#fast8[basis];
    if (fast === undefined) {
      const { atoms } = this.#tables.pack.basis8;
      call.forwardTransform(this.#residual, SUB_BLOCK_SAMPLES, this.#tables.basis8[basis]!, atoms, output, 4);
    } else {
      call.forwardSeparable(this.#residual, SUB_BLOCK, fast.matrix, fast.keep, fast.scan, output, 4);
    }
  }

  /** Copies `count` quantised tokens out of kernel memory; the others become zero. */
  #take(isLuma: boolean, count: number, tokens: Int16Array): void {
    this.#keepUp();
    tokens.set(isLuma ? this.#luma : this.#chroma);
    if (count < tokens.length) tokens.fill(0, count);
  }

  /** Takes new views of the tokens if the memory has grown. */
  #keepUp(): void {
    const memory = this.#kernels.i16;
    if (memory === this.#memory) return;
    this.#memory = memory;
    const at = this.#tokens >> 1;
    this.#luma = memory.subarray(at, at + LUMA_TOKENS);
    this.#chroma = memory.subarray(at, at + TOKENS_PER_BLOCK - LUMA_TOKENS);
  }

  #newQuantiser(
    kind: number,
    intra: boolean,
    count: number,
    { limits, at, groupOfToken }: Limits,
    costs: number,
    first = 0,
    stride = 1,
  ): TokenQuantiser {
    const { pack, contextNeighbours, contextDependents, contextOfSum } = this.#tables;
    const base = intra ? 0 : 2;
    return new TokenQuantiser(this.#kernels, {
      ...{ coefficients: this.#coefficients, tokens: this.#tokens, count, first, stride },
      neighbours: contextNeighbours[kind]!,
      dependents: contextDependents[kind]!,
      contextOfSum,
      costs: this.#rates.tokenCosts[tokenClass(costs, intra)]!,
      ...{ limits: at, groupOfToken },
      groupCount: limits.findIndex((limit) => limit >= count),
      offset1: pack.reconstructionOffset[base]! / 256,
      offset2: pack.reconstructionOffset[base + 1]! / 256,
    });
  }

  #stepsOf(q: number): TokenSteps {
    const known = this.#steps.get(q);
    if (known !== undefined) return known;
    const kernels = this.#kernels;
    const { pack } = this.#tables;
    const plain = this.#tables.steps(q);
    const repeat = (at: Pointer, atoms: number, times: number): Pointer => {
      const values = kernels.i32.slice(at >> 2, (at >> 2) + atoms);
      return kernels.store(Int32Array.from({ length: atoms * times }, (_, i) => values[Math.floor(i / times)]!));
    };
    const steps: TokenSteps = {
      luma16: plain.luma16,
      luma8: plain.luma8.map((at) => repeat(at, pack.basis8.atoms, 4)),
      chroma: [repeat(plain.chroma[0], pack.basisChroma.atoms, 2), repeat(plain.chroma[1], pack.basisChroma.atoms, 2)],
      largeChroma: [
        repeat(plain.largeChroma[0], LARGE_CHROMA_FREQUENCIES ** 2, 2),
        repeat(plain.largeChroma[1], LARGE_CHROMA_FREQUENCIES ** 2, 2),
      ],
    };
    this.#steps.set(q, steps);
    return steps;
  }
}

/** The number of tokens for each number of groups, here and in kernel memory. */
interface Limits {
  readonly limits: readonly number[];
  readonly at: Pointer;
  /** Address of the group of each token, uint8. */
  readonly groupOfToken: Pointer;
}

function quantise(
  quantiser: TokenQuantiser,
  steps: Pointer,
  groupCosts: Pointer,
  lambda: number,
  choice: ResidualChoice,
): void {
  choice.groups = quantiser.quantise(steps, groupCosts, lambda);
  choice.cost = quantiser.cost;
}

/** The group of each token. */
function groupsOfTokens(limits: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: limits.at(-1)! }, (_, at) => limits.findLastIndex((limit) => limit <= at));
}

function newChoice(): ResidualChoice {
  // NaN and not 0: the engine then keeps the field as a floating-point number from the start.
  return { groups: 0, cost: NaN };
}
