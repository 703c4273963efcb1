/** Classes that are tried first: in the packs, those of the mean, the plane, and both axes. */
const FIRST_CLASSES = 4;

/** The two modes of least cost, best first. */
export interface RankedModes {
  readonly first: { readonly mode: number; readonly cost: number };
  readonly second: { readonly mode: number; readonly cost: number };
}

/**
 * Which intra modes to try: first one of each class, the middle one, then the others of the two best classes. The classes
 * of a pack hold modes of similar direction.
 */
export class IntraModes {
  /** One mode of each class. */
  readonly #coarse: Uint8Array;
  readonly #ranked = { first: { mode: 0, cost: Infinity }, second: { mode: 0, cost: Infinity } };
  readonly #classOf: Uint8Array;
  /** The other modes of each class. */
  readonly #others: readonly (readonly number[])[];

  /** @param intraClass uint8 [intraModes], as in the pack. */
  constructor(intraClass: Uint8Array) {
    this.#classOf = intraClass;
    const members = Array.from({ length: Math.max(...intraClass) + 1 }, (_, index) =>
      Array.from(intraClass.keys()).filter((mode) => intraClass[mode] === index),
    );
    const middleOf = (modes: readonly number[]): number | undefined => modes[modes.length >> 1];
    this.#coarse = Uint8Array.from(members.map(middleOf).filter((mode) => mode !== undefined));
    this.#others = members.map((modes) => modes.filter((mode) => mode !== middleOf(modes)));
  }

  /**
   * Finds the two modes of least cost; the record is reused by the next call.
   *
   * @param costOf predicts with a mode and returns its cost.
   * @param fine false: only the first modes are tried.
   * @param limit if none of the first modes costs less, the others are not tried.
   */
  rank(costOf: (mode: number) => number, limit = Infinity, fine = true): RankedModes {
    const { first, second } = this.#ranked;
    first.cost = second.cost = Infinity;
    first.mode = second.mode = 0;
    const coarse = this.#coarse;
    for (let i = 0; i < coarse.length; i++) {
      if (i === FIRST_CLASSES && first.cost > limit) return this.#ranked;
      this.#place(coarse[i]!, costOf(coarse[i]!));
    }
    if (!fine) return this.#ranked;
    for (const mode of this.#fine(first.mode, second.mode)) this.#place(mode, costOf(mode));
    return this.#ranked;
  }

  #place(mode: number, cost: number): void {
    const { first, second } = this.#ranked;
    if (cost < first.cost) {
      second.mode = first.mode;
      second.cost = first.cost;
      first.mode = mode;
      first.cost = cost;
    } else if (cost < second.cost) {
      second.mode = mode;
      second.cost = cost;
    }
  }

  /** Returns the modes to try after one of each class, of which `first` and `second` are the best. */
  #fine(first: number, second: number): readonly number[] {
    const a = this.#classOf[first]!;
    const b = this.#classOf[second]!;
    return a === b ? this.#others[a]! : [...this.#others[a]!, ...this.#others[b]!];
  }
}
