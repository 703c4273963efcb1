import { NotInteger } from './not-integer.js';
import type { Grid, Result, Step, Term, View } from './program.js';
import { INT16_LIMIT } from './sizes.js';
import { factorsOf, isView, rangeOf, sumRange, type Integers, type Part, type Pending } from './values.js';

/** Collects the steps of a program. */
export class ProgramBuilder {
  readonly steps: Step[] = [];
  gridCount = 0;

  /** A new grid; throws NotInteger if its values do not fit. */
  grid(channels: number, low: number, high: number, isWide = false): View {
    if (!isWide && (low < -INT16_LIMIT || high >= INT16_LIMIT)) {
      throw new NotInteger(`a value can lie in ${low}..${high}, beyond 16 bits`);
    }
    const grid: Grid = { id: this.gridCount++, channels, isWide, low, high };
    return { grid, first: 0, channels, trim: 0 };
  }

  /** Integers as a grid. */
  settle(value: Integers): View {
    value.settled ??= this.#settled(value, null);
    return value.settled;
  }

  /** Writes integers into a part of a grid. */
  settleInto(value: Integers, output: View): void {
    this.#settled(value, output);
  }

  /** The range of integers when they are settled. */
  range(value: Integers): { low: number; high: number } {
    if (!value.isWhole) throw new NotInteger('a value that is not floored is used');
    const { low, high } = sumRange(value);
    if (value.limits === null) return { low, high };
    const clip = (x: number): number => Math.max(value.limits!.low, Math.min(value.limits!.high, x));
    return { low: clip(low), high: clip(high) };
  }

  /** Some sums in float32, limited and rounded, as a grid. */
  mix(terms: readonly Term[], low: number, high: number): View {
    const output = this.grid(terms[0]!.view.channels, low, high);
    const isWhole = terms.every(({ factors }) => factors.every((factor) => Number.isInteger(factor)));
    if (isWhole) this.steps.push({ op: 'combine', terms, offset: 0, shift: 0, low, high, output });
    else this.steps.push({ op: 'mix', terms, low, high, output });
    return output;
  }

  /** Computes a layer in one step with what follows it. */
  layer(pending: Pending, result: Result, output: View, offset = 0): void {
    const { op, input, weights } = pending;
    const bias = weights.bias.map((value) => value + offset);
    this.steps.push({ op, input, output, weights: { ...weights, bias }, result });
  }

  #settled(value: Integers, wanted: View | null): View {
    const { parts, offset, shift, limits } = value;
    const { low, high } = this.range(value);
    const [{ source, factor }] = parts as [Part];
    const isAlone = parts.length === 1 && factor === 1;
    if (
      wanted === null &&
      isAlone &&
      isView(source) &&
      !source.grid.isWide &&
      offset + shift === 0 &&
      limits === null
    ) {
      return source;
    }
    const output = wanted ?? this.grid(source.channels, low, high);
    // Layers write groups of eight channels.
    const isWhole = wanted === null || wanted.channels % 8 === 0;
    if (isAlone && !isView(source) && source.raw === null && isWhole) {
      this.layer(source, { kind: 'shifted', shift, low, high }, output, offset);
    } else {
      const terms = parts.map((part) => ({ view: this.#viewOf(part.source), factors: factorsOf(part) }));
      this.steps.push({ op: 'combine', terms, offset, shift, low, high, output });
    }
    return output;
  }

  #viewOf(source: View | Pending): View {
    if (isView(source)) return source;
    if (source.raw === null) {
      const { low, high } = rangeOf(source);
      source.raw = this.grid(source.channels, low, high, true);
      this.layer(source, { kind: 'raw' }, source.raw);
    }
    return source.raw;
  }
}
