import type { Kernels, Pointer } from '../../../kernels/kernels.js';
import { CHROMA_LIMIT, CHROMA_TOKENS, LUMA_LIMIT, TOKENS_PER_BLOCK } from '../frame-tokens.js';
import type { KernelTables } from '../kernel-tables.js';
import type { Plane } from '../../planes.js';
import { tokenClass, type RateModel } from './rate-model.js';

/** What coding one residual takes: its cost is the squared error and lambda times the bits. */
export interface ResidualChoice {
  groups: number;
  cost: number;
}

/** Steps of one block in token order, int32. */
interface TokenSteps {
  readonly luma16: readonly Pointer[];
  readonly luma8: readonly Pointer[];
  readonly chroma: readonly [Pointer, Pointer];
}

/** Forward transforms and rate-aware quantisation of one macroblock's residual (encoder only). */
export class ResidualCoding {
  readonly #kernels: Kernels;
  readonly #tables: KernelTables;
  readonly #rates: RateModel;
  readonly #residual: Pointer;
  readonly #coefficients: Pointer;
  readonly #tokens: Pointer;
  readonly #result: Pointer;
  readonly #freeCosts: Pointer;
  readonly #lumaLimit: Pointer;
  readonly #chromaLimit: Pointer;
  readonly #lumaGroupCount: readonly [number, number];
  readonly #chromaGroupCount: number;
  readonly #steps = new Map<number, TokenSteps>();

  constructor(kernels: Kernels, tables: KernelTables, rates: RateModel) {
    this.#kernels = kernels;
    this.#tables = tables;
    this.#rates = rates;
    this.#residual = kernels.allocate(256 * 2);
    this.#coefficients = kernels.allocate(256 * 4);
    this.#tokens = kernels.allocate(256 * 2);
    this.#result = kernels.allocate(16);
    this.#freeCosts = kernels.allocate(17 * 4);
    this.#lumaLimit = kernels.store(Int32Array.from(LUMA_LIMIT));
    this.#chromaLimit = kernels.store(Int32Array.from(CHROMA_LIMIT));
    const { pack } = tables;
    this.#lumaGroupCount = [
      LUMA_LIMIT.findIndex((limit) => limit >= pack.basis16.atoms),
      LUMA_LIMIT.findIndex((limit) => limit >= 4 * pack.basis8.atoms),
    ];
    this.#chromaGroupCount = CHROMA_LIMIT.findIndex((limit) => limit >= 2 * pack.basisChroma.atoms);
  }

  /** One 16x16 transform of `source - prediction`; tokens go to `tokens[offset ..]`. */
  luma16(
    source: Pointer,
    sourceStride: number,
    prediction: Pointer,
    predictionStride: number,
    q: number,
    basis: number,
    intra: boolean,
    groupContext: number,
    lambda: number,
    tokens: Int16Array,
    offset: number,
  ): ResidualChoice {
    const { call } = this.#kernels;
    const { atoms } = this.#tables.pack.basis16;
    call.subtractBlock(source, sourceStride, prediction, predictionStride, this.#residual, 16);
    call.forwardTransform(this.#residual, 256, this.#tables.basis16[basis]!, atoms, this.#coefficients, 1);
    return this.#quantise(
      atoms,
      0,
      1,
      this.#stepsOf(q).luma16[basis]!,
      0,
      intra,
      this.#rates.lumaGroupCosts[groupContext]!,
      this.#lumaLimit,
      this.#lumaGroupCount[0],
      lambda,
      tokens,
      offset,
    );
  }

  /** Four 8x8 transforms of a whole macroblock. */
  luma8(
    source: Pointer,
    sourceStride: number,
    prediction: Pointer,
    predictionStride: number,
    q: number,
    basis: number,
    intra: boolean,
    groupContext: number,
    lambda: number,
    tokens: Int16Array,
    offset: number,
  ): ResidualChoice {
    for (let sub = 0; sub < 4; sub++) {
      const x = (sub & 1) * 8;
      const y = (sub >> 1) * 8;
      this.#forward8(
        source + y * sourceStride + x,
        sourceStride,
        prediction + y * predictionStride + x,
        predictionStride,
        basis,
        sub,
      );
    }
    const count = 4 * this.#tables.pack.basis8.atoms;
    return this.#quantise(
      count,
      0,
      1,
      this.#stepsOf(q).luma8[basis]!,
      1,
      intra,
      this.#rates.lumaGroupCosts[groupContext]!,
      this.#lumaLimit,
      this.#lumaGroupCount[1],
      lambda,
      tokens,
      offset,
    );
  }

  /** One 8x8 sub-block of an intra8 macroblock; `tokens` hold what the sub-blocks before it chose. */
  lumaSub(
    source: Pointer,
    sourceStride: number,
    prediction: Pointer,
    predictionStride: number,
    q: number,
    basis: number,
    sub: number,
    lambda: number,
    tokens: Int16Array,
    offset: number,
  ): ResidualChoice {
    this.#forward8(source, sourceStride, prediction, predictionStride, basis, sub);
    const count = 4 * this.#tables.pack.basis8.atoms;
    this.#kernels.i16.set(tokens.subarray(offset, offset + count), this.#tokens >> 1);
    return this.#quantise(
      count,
      sub,
      4,
      this.#stepsOf(q).luma8[basis]!,
      1,
      true,
      this.#freeCosts,
      this.#lumaLimit,
      this.#lumaGroupCount[1],
      lambda,
      tokens,
      offset,
    );
  }

  /** Both chroma blocks; `at` is the offset of the block in its plane, in samples. */
  chroma(
    source: readonly [Plane, Plane],
    sourceAt: number,
    prediction: readonly [Plane, Plane],
    predictionAt: number,
    q: number,
    intra: boolean,
    groupContext: number,
    lambda: number,
    tokens: Int16Array,
    offset: number,
  ): ResidualChoice {
    const { call } = this.#kernels;
    const kind = intra ? 0 : 1;
    const { atoms } = this.#tables.pack.basisChroma;
    for (let p = 0; p < 2; p++) {
      const from = source[p]!;
      const to = prediction[p]!;
      call.subtractBlock(from.at + sourceAt, from.stride, to.at + predictionAt, to.stride, this.#residual, 8);
      const output = this.#coefficients + 4 * p;
      call.forwardTransform(this.#residual, 64, this.#tables.basisChroma[kind], atoms, output, 2);
    }
    return this.#quantise(
      2 * atoms,
      0,
      1,
      this.#stepsOf(q).chroma[kind],
      2,
      intra,
      this.#rates.chromaGroupCosts[groupContext]!,
      this.#chromaLimit,
      this.#chromaGroupCount,
      lambda,
      tokens,
      offset + CHROMA_TOKENS,
    );
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
    call.subtractBlock(source, sourceStride, prediction, predictionStride, this.#residual, 8);
    const output = this.#coefficients + 4 * sub;
    const { atoms } = this.#tables.pack.basis8;
    call.forwardTransform(this.#residual, 64, this.#tables.basis8[basis]!, atoms, output, 4);
  }

  #quantise(
    count: number,
    first: number,
    stride: number,
    steps: Pointer,
    kind: number,
    intra: boolean,
    groupCosts: Pointer,
    limits: Pointer,
    groupCount: number,
    lambda: number,
    tokens: Int16Array,
    offset: number,
  ): ResidualChoice {
    const kernels = this.#kernels;
    const offsets = this.#tables.pack.reconstructionOffset;
    const base = intra ? 0 : 2;
    const groups = kernels.call.quantiseTokens(
      this.#coefficients,
      count,
      first,
      stride,
      steps,
      this.#tables.contextNeighbours[kind]!,
      this.#tables.contextOfSum,
      this.#rates.tokenCosts[tokenClass(kind, intra)]!,
      groupCosts,
      limits,
      groupCount,
      offsets[base]! / 256,
      offsets[base + 1]! / 256,
      lambda,
      this.#tokens,
      this.#result,
    );
    const from = this.#tokens >> 1;
    tokens.set(kernels.i16.subarray(from, from + count), offset);
    tokens.fill(0, offset + count, offset + (kind === 2 ? TOKENS_PER_BLOCK - CHROMA_TOKENS : CHROMA_TOKENS));
    return { groups, cost: kernels.f32[this.#result >> 2]! };
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
    };
    this.#steps.set(q, steps);
    return steps;
  }
}
