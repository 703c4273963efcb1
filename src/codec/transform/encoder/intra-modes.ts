/**
 * Which intra modes to try: first one of each class, the middle one, then the others of the two best classes. The classes
 * of a pack hold modes of similar direction.
 */
export class IntraModes {
  /** One mode of each class. */
  readonly coarse: Uint8Array;
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
    this.coarse = Uint8Array.from(members.map(middleOf).filter((mode) => mode !== undefined));
    this.#others = members.map((modes) => modes.filter((mode) => mode !== middleOf(modes)));
  }

  /** Returns the modes to try after those of `coarse`, of which `first` and `second` are the best. */
  fine(first: number, second: number): readonly number[] {
    const a = this.#classOf[first]!;
    const b = this.#classOf[second]!;
    return a === b ? this.#others[a]! : [...this.#others[a]!, ...this.#others[b]!];
  }
}
