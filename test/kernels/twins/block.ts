/** Samples of a plane; `at` is the index of the block's first sample. */
export interface Block {
  readonly data: Uint8Array;
  readonly at: number;
  readonly stride: number;
}

export function sample({ data, at, stride }: Block, row: number, column: number): number {
  const value = data[at + row * stride + column];
  if (value === undefined) throw new RangeError(`sample (${row}, ${column}) lies outside the plane`);
  return value;
}

export function clip(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** A `width` x `height` block of values of `at(row, column)`, packed. */
export function fill(width: number, height: number, at: (row: number, column: number) => number): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => at(Math.floor(i / width), i % width));
}
