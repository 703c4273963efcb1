/**
 * A window that moves over a sequence of bytes, which arrives in pieces. It holds only the bytes that the caller asked
 * for.
 */
export class ByteWindow {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #isExhausted = false;
  #position: number;

  /** @param position offset in the stream of the first byte of `chunks`. */
  constructor(chunks: AsyncIterable<Uint8Array>, position = 0) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#position = position;
  }

  /** Offset in the stream of the window's first byte. */
  get position(): number {
    return this.#position;
  }

  /** The number of bytes that the window holds. */
  get available(): number {
    return this.#end - this.#start;
  }

  /**
   * Waits until `count` bytes are held or the sequence ends. Memory grows only with the bytes that arrive, not with
   * `count`.
   *
   * @returns true if it holds `count` bytes.
   */
  async fill(count: number): Promise<boolean> {
    while (this.available < count && !this.#isExhausted) {
      const next = await this.#chunks.next();
      if (next.done === true) this.#isExhausted = true;
      else this.#append(next.value);
    }
    return this.available >= count;
  }

  /** Returns a view of at most `count` held bytes, from `offset` in the window on. It is valid until the next call. */
  peek(offset: number, count: number): Uint8Array {
    return this.#buffer.subarray(this.#start + offset, Math.min(this.#start + offset + count, this.#end));
  }

  /** Moves the window forward by `count` held bytes. */
  skip(count: number): void {
    const step = Math.min(count, this.available);
    this.#start += step;
    this.#position += step;
  }

  /** Tells the sequence that no more bytes are needed. */
  async close(): Promise<void> {
    this.#isExhausted = true;
    await this.#chunks.return?.();
  }

  #append(chunk: Uint8Array): void {
    const needed = this.available + chunk.length;
    if (this.#end + chunk.length > this.#buffer.length) {
      // If half of the buffer is used bytes, dropping them gives enough room.
      const isLarge = needed > this.#buffer.length / 2;
      const target = isLarge ? new Uint8Array(2 * needed) : this.#buffer;
      const held = this.#buffer.subarray(this.#start, this.#end);
      if (isLarge) target.set(held);
      else target.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      this.#buffer = target;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }
}
