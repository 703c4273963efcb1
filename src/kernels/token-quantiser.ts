import type { Kernels, Pointer } from './kernels.js';

/** The common parameters of blocks of one kind. `assembly/quantisation.ts` describes the data at the pointers. */
export interface TokenKind {
  readonly coefficients: Pointer;
  readonly tokens: Pointer;
  /** The number of tokens, and the selection of tokens to choose: every `stride`-th from `first` on. */
  readonly count: number;
  readonly first: number;
  readonly stride: number;
  readonly neighbours: Pointer;
  readonly contextOfSum: Pointer;
  readonly costs: Pointer;
  readonly limits: Pointer;
  readonly dependents: Pointer;
  readonly groupOfToken: Pointer;
  readonly groupCount: number;
  /** Reconstruction offsets of magnitude 1 and of larger ones, in steps. */
  readonly offset1: number;
  readonly offset2: number;
}

/** Words of `QuantiserParameters` in `assembly/quantisation.ts`, in its order. */
const WORD = {
  coefficients: 0,
  tokens: 1,
  count: 2,
  first: 3,
  stride: 4,
  neighbours: 5,
  contextOfSum: 6,
  costs: 7,
  limits: 8,
  groupCount: 9,
  offset1: 10,
  offset2: 11,
  cost: 12,
  dependents: 13,
  groupOfToken: 14,
} as const;
const WORDS = 15;

/** Rate-aware quantisation of blocks of one kind, with their common parameters in kernel memory. */
export class TokenQuantiser {
  readonly #kernels: Kernels;
  readonly #parameters: Pointer;

  constructor(kernels: Kernels, { offset1, offset2, ...words }: TokenKind) {
    this.#kernels = kernels;
    this.#parameters = kernels.allocate(WORDS * 4);
    const at = this.#parameters >> 2;
    for (const [name, value] of Object.entries(words)) kernels.i32[at + WORD[name as keyof typeof words]] = value;
    kernels.f32[at + WORD.offset1] = offset1;
    kernels.f32[at + WORD.offset2] = offset2;
  }

  /**
   * Chooses the tokens of one block.
   *
   * @param steps int32 [count], 1/8.
   * @param groupCosts float32 [groupCount + 1], bits.
   * @param lambda squared error per bit.
   * @returns the number of coded groups; {@link cost} has the cost.
   */
  quantise(steps: Pointer, groupCosts: Pointer, lambda: number): number {
    return this.#kernels.call.quantiseTokens(this.#parameters, steps, groupCosts, lambda);
  }

  /** Squared error plus lambda times the bits of the tokens chosen last. */
  get cost(): number {
    return this.#kernels.f32[(this.#parameters >> 2) + WORD.cost]!;
  }
}
