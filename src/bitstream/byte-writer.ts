/**
 * Appends little-endian numbers to a buffer that grows. The caller must check the values; this class checks nothing.
 */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** The number of bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Writes the low `8 * size` bits of `value`; `size` is 1..4. */
  uint(value: number, size: number): void {
    this.#reserve(size);
    for (let index = 0; index < size; index++) this.#bytes[this.#length++] = (value >>> (8 * index)) & 255;
  }

  /** Writes 64 bits. */
  uint64(value: bigint): void {
    this.uint(Number(BigInt.asUintN(32, value)), 4);
    this.uint(Number(BigInt.asUintN(32, value >> 32n)), 4);
  }

  /** Writes a non-negative number in groups of 7 bits, low ones first, bit 7 set in all bytes but the last. */
  varint(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 128n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Returns a copy of the written bytes. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Returns the number of bytes that {@link ByteWriter.varint} needs for a value. */
export function varintSize(value: bigint): number {
  let size = 1;
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}
