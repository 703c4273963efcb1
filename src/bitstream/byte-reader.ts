import { BitstreamError } from '../errors.js';

/** Reads little-endian numbers from bytes. It never reads beyond their end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  #position = 0;

  /** @param base offset of `bytes` in the stream, for the offsets in errors. */
  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.#base = base;
  }

  /** Offset in the stream of the next byte. */
  get offset(): number {
    return this.#base + this.#position;
  }

  /** The number of bytes that are left. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  /** Returns an error with the current offset. */
  error(message: string, field: string, offset = this.offset): BitstreamError {
    return new BitstreamError(message, { offset, field });
  }

  /** Reads a number of `size` bytes, 1..4. */
  uint(size: number, field: string): number {
    this.#require(size, field);
    let value = 0;
    for (let index = 0; index < size; index++) value += (this.#bytes[this.#position++] ?? 0) * 2 ** (8 * index);
    return value;
  }

  /** Reads 64 bits. */
  uint64(field: string): bigint {
    const low = this.uint(4, field);
    return (BigInt(this.uint(4, field)) << 32n) | BigInt(low);
  }

  /**
   * Reads a number in groups of 7 bits.
   *
   * @throws BitstreamError if it exceeds 64 bits or is not in its shortest form.
   */
  varint(field: string): bigint {
    const offset = this.offset;
    // Up to 42 bits without the cost of large integers: almost all numbers have one or two groups.
    let small = 0;
    for (let group = 0; group < 6; group++) {
      const byte = this.uint(1, field);
      small += (byte & 127) * 2 ** (7 * group);
      if (byte < 128) {
        if (byte === 0 && group > 0) throw this.error('a number has needless bytes', field, offset);
        return BigInt(small);
      }
    }
    let value = BigInt(small);
    for (let shift = 42n; shift < 70n; shift += 7n) {
      const byte = this.uint(1, field);
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) {
        if (byte === 0) throw this.error('a number has needless bytes', field, offset);
        if (value >= 2n ** 64n) break;
        return value;
      }
    }
    throw this.error('a number exceeds 64 bits', field, offset);
  }

  /** Returns a view of the next `count` bytes. */
  bytes(count: number, field: string): Uint8Array {
    this.#require(count, field);
    this.#position += count;
    return this.#bytes.subarray(this.#position - count, this.#position);
  }

  #require(count: number, field: string): void {
    if (count > this.remaining) {
      throw this.error(`${count} bytes are needed, ${this.remaining} are left`, field);
    }
  }
}
