import { ModelError } from '../errors.js';
import { TABLE_TOTAL } from '../entropy/rans-constants.js';
import type { Tensor, TensorType } from './safetensors.js';

interface Arrays {
  U8: Uint8Array<ArrayBuffer>;
  I8: Int8Array<ArrayBuffer>;
  U16: Uint16Array<ArrayBuffer>;
  I16: Int16Array<ArrayBuffer>;
  I32: Int32Array<ArrayBuffer>;
  F32: Float32Array<ArrayBuffer>;
}
type Numbers = Arrays[TensorType];

/** Takes tables out of a pack and checks them; every failure is a ModelError that names pack and table. */
export class TableReader {
  readonly #pack: string;
  readonly #tables: ReadonlyMap<string, Tensor>;

  constructor(pack: string, tables: ReadonlyMap<string, Tensor>) {
    this.#pack = pack;
    this.#tables = tables;
  }

  /** @param shape expected lengths; undefined if any length is allowed. */
  read<Type extends TensorType>(
    name: string,
    dtype: Type,
    shape: readonly (number | undefined)[],
  ): { shape: readonly number[]; data: Arrays[Type] } {
    const tensor = this.#tables.get(name);
    if (tensor === undefined) return this.fail(name, 'missing');
    if (tensor.dtype !== dtype) this.fail(name, `type ${tensor.dtype}, expected ${dtype}`);
    const fits =
      tensor.shape.length === shape.length &&
      shape.every((length, axis) => length === undefined || length === tensor.shape[axis]);
    if (!fits) {
      const expected = shape.map((length) => length ?? '?').join(', ');
      this.fail(name, `shape [${tensor.shape.join(', ')}], expected [${expected}]`);
    }
    return { shape: tensor.shape, data: tensor.data as Arrays[Type] };
  }

  /** uint16 tables whose last axis holds frequencies: each at least 1, rows sum to 32768. */
  readFrequencies(name: string, shape: readonly number[]): Arrays['U16'] {
    const { data } = this.read(name, 'U16', shape);
    this.requireRange(name, data, 1, TABLE_TOTAL);
    this.requireRowSums(name, data, shape.at(-1)!, TABLE_TOTAL);
    return data;
  }

  /** Checks that every value is in `low..high`. */
  requireRange(name: string, values: Numbers, low: number, high: number): void {
    const at = values.findIndex((value) => value < low || value > high);
    if (at >= 0) this.fail(name, `value ${values[at]!} at ${at} is outside ${low}..${high}`);
  }

  /** Checks that each group of `length` values has the sum `sum`. */
  requireRowSums(name: string, values: Numbers, length: number, sum: number): void {
    for (let start = 0; start < values.length; start += length) {
      let found = 0;
      for (let at = start; at < start + length; at++) found += values[at]!;
      if (found !== sum) this.fail(name, `row ${start / length} sums to ${found}, expected ${sum}`);
    }
  }

  fail(name: string, what: string): never {
    throw new ModelError(`model pack ${this.#pack}: table ${name}: ${what}: get the pack again`);
  }
}
