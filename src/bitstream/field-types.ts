import { InputError } from '../errors.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { varintSize } from './byte-writer.js';
import { toHex } from './bytes.js';

/** How one value of a structure is written, read, measured and shown. */
export interface FieldType<V> {
  /** Type as `docs/FORMAT.md` writes it. */
  readonly wire: string;
  /**
   * Returns true if the field is present; decides by the fields before it. A field that is not present takes no bytes
   * and has the value null. A field without this function is always present.
   */
  readonly present?: (before: Readonly<Record<string, unknown>>) => boolean;
  /** @throws InputError if the value does not fit into the field. */
  write(writer: ByteWriter, value: V, name: string): void;
  /** @throws BitstreamError if the bytes end or the value is not allowed. */
  read(reader: ByteReader, name: string): V;
  /** Returns the number of bytes that `write` writes. */
  size(value: V): number;
  describe(value: V): string;
}

function refuse(name: string, value: unknown, range: string): never {
  throw new InputError(`${name} ${String(value)} does not fit into a .tsr stream: it must be ${range}`);
}

/** An integer of 1..4 bytes within `min .. max`. */
export function uint(bytes: 1 | 2 | 4, min: number, max: number): FieldType<number> {
  const range = `${String(min)}..${String(max)}`;
  const fits = (value: number): boolean => Number.isInteger(value) && value >= min && value <= max;
  return {
    wire: `u${String(8 * bytes)}`,
    write(writer, value, name) {
      if (!fits(value)) refuse(name, value, range);
      writer.uint(value, bytes);
    },
    read(reader, name) {
      const offset = reader.offset;
      const value = reader.uint(bytes, name);
      if (!fits(value)) throw reader.error(`${String(value)} is outside ${range}`, name, offset);
      return value;
    },
    size: () => bytes,
    describe: String,
  };
}

/** An integer of 8 bytes within `0 .. max`. */
export function uint64(max: bigint): FieldType<bigint> {
  return {
    wire: 'u64',
    write(writer, value, name) {
      if (value < 0n || value > max) refuse(name, value, `0..${String(max)}`);
      writer.uint64(value);
    },
    read(reader, name) {
      const offset = reader.offset;
      const value = reader.uint64(name);
      if (value > max) throw reader.error(`${String(value)} is above ${String(max)}`, name, offset);
      return value;
    },
    size: () => 8,
    describe: String,
  };
}

/** A non-negative integer up to `max` in as few bytes as it needs. */
export function varint(max: bigint): FieldType<bigint> {
  return {
    wire: 'varint',
    write(writer, value, name) {
      if (value < 0n || value > max) refuse(name, value, `0..${String(max)}`);
      writer.varint(value);
    },
    read(reader, name) {
      const offset = reader.offset;
      const value = reader.varint(name);
      if (value > max) throw reader.error(`${String(value)} is above ${String(max)}`, name, offset);
      return value;
    },
    size: varintSize,
    describe: String,
  };
}

/** A signed integer of 64 bits in as few bytes as it needs: 0, -1, 1, -2, ... are written as 0, 1, 2, 3, ... */
export function zigzag(): FieldType<bigint> {
  const fold = (value: bigint): bigint => (value >= 0n ? value << 1n : (-value << 1n) - 1n);
  return {
    wire: 'zigzag',
    write(writer, value, name) {
      if (BigInt.asIntN(64, value) !== value) refuse(name, value, 'a signed number of 64 bits');
      writer.varint(fold(value));
    },
    read(reader, name) {
      const folded = reader.varint(name);
      return (folded & 1n) === 0n ? folded >> 1n : -((folded + 1n) >> 1n);
    },
    size: (value) => varintSize(fold(value)),
    describe: String,
  };
}

/** Exactly `count` bytes. */
export function rawBytes(count: number): FieldType<Uint8Array> {
  return {
    wire: `bytes[${String(count)}]`,
    write(writer, value, name) {
      if (value.length !== count) refuse(name, `of ${String(value.length)} bytes`, `${String(count)} bytes`);
      writer.bytes(value);
    },
    read: (reader, name) => reader.bytes(count, name).slice(),
    size: () => count,
    describe: toHex,
  };
}

/** Printable ASCII without spaces, 1 to `limit` characters, after one byte with their number. */
export function word(limit: number): FieldType<string> {
  const optional = optionalWord(limit);
  return {
    ...optional,
    read(reader, name) {
      const offset = reader.offset;
      const text = optional.read(reader, name);
      if (text === undefined) throw reader.error(`must be ${wordRange(limit)}`, name, offset);
      return text;
    },
  };
}

/** The same, or nothing: one byte 0. */
export function optionalWord(limit: number): FieldType<string | undefined> {
  const allowed = new RegExp(`^[!-~]{1,${String(limit)}}$`);
  return {
    wire: 'word',
    write(writer, value, name) {
      if (value !== undefined && !allowed.test(value)) refuse(name, value, wordRange(limit));
      writer.uint(value?.length ?? 0, 1);
      for (let index = 0; index < (value?.length ?? 0); index++) writer.uint(value!.charCodeAt(index), 1);
    },
    read(reader, name) {
      const offset = reader.offset;
      const length = reader.uint(1, name);
      if (length === 0) return undefined;
      const text = String.fromCharCode(...reader.bytes(length, name));
      if (!allowed.test(text)) throw reader.error(`must be ${wordRange(limit)}`, name, offset);
      return text;
    },
    size: (value) => 1 + (value?.length ?? 0),
    describe: (value) => value ?? '',
  };
}

function wordRange(limit: number): string {
  return `1 to ${String(limit)} printable ASCII characters without spaces`;
}

/** A byte that is 0 or 1. */
export function flag(): FieldType<boolean> {
  const byte = uint(1, 0, 1);
  return {
    wire: 'u8',
    write(writer, value, name) {
      byte.write(writer, Number(value), name);
    },
    read: (reader, name) => byte.read(reader, name) === 1,
    size: () => 1,
    describe: String,
  };
}

/** A field that is present only if `present` returns true for the fields before it. */
export function when<V>(
  present: (before: Readonly<Record<string, unknown>>) => boolean,
  type: FieldType<V>,
): FieldType<V | null> {
  return {
    wire: type.wire,
    present,
    write(writer, value, name) {
      if (value === null) refuse(name, 'null', 'given');
      type.write(writer, value, name);
    },
    read: (reader, name) => type.read(reader, name),
    size: (value) => (value === null ? 0 : type.size(value)),
    describe: (value) => (value === null ? 'none' : type.describe(value)),
  };
}
