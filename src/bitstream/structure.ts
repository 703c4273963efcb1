import { InputError } from '../errors.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { FieldType } from './field-types.js';

type Fields = Readonly<Record<string, FieldType<unknown>>>;

/** The record that a field list reads and writes. */
export type RecordOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends FieldType<infer V> ? V : never;
};

/** One line of a description: a field's name and its value for people. */
export interface DescribedField {
  readonly name: string;
  readonly value: string;
}

/** A record in the stream. One field list defines how to read, write, measure and describe it. */
export interface Structure<R> extends FieldType<R> {
  /** Names and types of the fields, in the order of the stream. */
  readonly fields: readonly { readonly name: string; readonly wire: string }[];
  list(record: R): DescribedField[];
}

/**
 * Makes a structure of fields. The stream holds them in the order of `fields`.
 *
 * @param checkRecord throws an error if fields contradict each other. Its argument makes the error for a field.
 */
export function structure<F extends Fields>(
  fields: F,
  checkRecord?: (record: RecordOf<F>, fail: (field: keyof F & string, message: string) => never) => void,
): Structure<RecordOf<F>> {
  const entries = Object.entries(fields);
  const isPresent = (type: FieldType<unknown>, before: Readonly<Record<string, unknown>>): boolean =>
    type.present?.(before) ?? true;
  const list = (record: RecordOf<F>): DescribedField[] =>
    entries.map(([name, type]) => ({ name, value: type.describe(record[name]) }));
  return {
    wire: 'structure',
    fields: entries.map(([name, type]) => ({ name, wire: type.wire })),
    write(writer: ByteWriter, record) {
      checkRecord?.(record, (field, message) => {
        throw new InputError(`${field} does not fit into a .tsr stream: ${message}`);
      });
      for (const [name, type] of entries) {
        if (isPresent(type, record)) type.write(writer, record[name], name);
      }
    },
    read(reader: ByteReader) {
      const offset = reader.offset;
      const record: Record<string, unknown> = {};
      for (const [name, type] of entries) {
        record[name] = isPresent(type, record) ? type.read(reader, name) : null;
      }
      const complete = record as RecordOf<F>;
      checkRecord?.(complete, (field, message) => {
        throw reader.error(message, field, offset);
      });
      return complete;
    },
    size: (record) =>
      entries.reduce((sum, [name, type]) => sum + (isPresent(type, record) ? type.size(record[name]) : 0), 0),
    describe: (record) =>
      list(record)
        .map(({ name, value }) => `${name} ${value}`)
        .join(', '),
    list,
  };
}

/** A little-endian integer of 8 or 16 bits that is divided into named numbers, lowest bits first. */
export function bitField<B extends Readonly<Record<string, number>>>(
  bytes: 1 | 2,
  widths: B,
): FieldType<{ readonly [K in keyof B]: number }> {
  const entries = Object.entries(widths);
  if (entries.reduce((sum, [, width]) => sum + width, 0) !== 8 * bytes) {
    throw new RangeError(`bit widths do not add up to ${8 * bytes}`);
  }
  return {
    wire: `u${8 * bytes}`,
    write(writer, value, field) {
      let packed = 0;
      let shift = 0;
      for (const [name, width] of entries) {
        const part = value[name] ?? -1;
        if (!Number.isInteger(part) || part < 0 || part >> width !== 0) {
          throw new InputError(`${field}.${name} ${part} does not fit into ${width} bits`);
        }
        packed |= part << shift;
        shift += width;
      }
      writer.uint(packed, bytes);
    },
    read(reader, field) {
      let packed = reader.uint(bytes, field);
      const value: Record<string, number> = {};
      for (const [name, width] of entries) {
        value[name] = packed & ((1 << width) - 1);
        packed >>= width;
      }
      return value as { readonly [K in keyof B]: number };
    },
    size: () => bytes,
    describe: (value) => entries.map(([name]) => `${name} ${value[name]}`).join(' '),
  };
}
