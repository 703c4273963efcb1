/** Ranges of time, as media elements give them. */
export class Ranges implements TimeRanges {
  readonly #ranges: readonly (readonly [number, number])[];

  /** @param ranges start and end in seconds. */
  constructor(ranges: readonly (readonly [number, number])[]) {
    this.#ranges = ranges;
  }

  get length(): number {
    return this.#ranges.length;
  }

  start(index: number): number {
    return this.#at(index)[0];
  }

  end(index: number): number {
    return this.#at(index)[1];
  }

  #at(index: number): readonly [number, number] {
    const range = this.#ranges[index];
    if (range === undefined) throw new DOMException(`there is no range ${index}`, 'IndexSizeError');
    return range;
  }
}
