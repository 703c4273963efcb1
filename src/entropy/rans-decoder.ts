import { BitstreamError } from '../errors.js';
import { STATE_BYTES, STATE_LOWER, TABLE_BITS, TABLE_TOTAL } from './rans-constants.js';

/** Range asymmetric numeral system, decoding side. {@link RansEncoder} holds the derivation. */
export class RansDecoder {
  readonly #bytes: Uint8Array;
  readonly #begin: number;
  readonly #end: number;
  #position: number;
  #state: number;

  /**
   * Reads the coded stream in `length` bytes of `bytes`, from `offset` on. Offsets in errors count from the start of
   * the coded stream.
   *
   * @throws BitstreamError if there are fewer than 4 bytes, or the state is not possible.
   */
  constructor(bytes: Uint8Array, offset = 0, length = bytes.length - offset) {
    if (offset < 0 || length < 0 || offset + length > bytes.length) {
      throw new RangeError(`${length} bytes from ${offset} leave a buffer of ${bytes.length}`);
    }
    if (length < STATE_BYTES) {
      throw new BitstreamError('coded tokens end within the first state', { offset: length, field: 'tokens' });
    }
    this.#bytes = bytes;
    this.#begin = offset;
    this.#end = offset + length;
    this.#position = offset + STATE_BYTES;
    let state = 0;
    for (let byte = STATE_BYTES - 1; byte >= 0; byte--) state = (state << 8) | (bytes[offset + byte] ?? 0);
    // A state of 2^31 and more is negative here, so this one comparison checks both ends of the interval.
    if (state < STATE_LOWER) {
      throw new BitstreamError('coded tokens begin with an impossible state', { offset: 0, field: 'tokens' });
    }
    this.#state = state;
  }

  /** The slot, 0..32767, that the next symbol's interval contains. */
  get slot(): number {
    return this.#state & (TABLE_TOTAL - 1);
  }

  /** The state, and the places in the bytes of what is read next and of the end, for code that decodes on elsewhere. */
  get state(): number {
    return this.#state;
  }

  get position(): number {
    return this.#position;
  }

  get end(): number {
    return this.#end;
  }

  /** Continues with the state and position that other code has reached. */
  resume(state: number, position: number): void {
    this.#state = state;
    this.#position = position;
  }

  /** Throws the BitstreamError of a stream that has no more bytes. */
  failAtEnd(): never {
    throw new BitstreamError('coded tokens end too early', { offset: this.#end - this.#begin, field: 'tokens' });
  }

  /**
   * Removes the symbol whose interval `start .. start + frequency - 1` contains {@link RansDecoder.slot}.
   *
   * @throws BitstreamError if the stream has no more bytes.
   */
  advance(start: number, frequency: number): void {
    let state = this.#state;
    state = Math.imul(frequency, state >>> TABLE_BITS) + (state & (TABLE_TOTAL - 1)) - start;
    while (state < STATE_LOWER) {
      if (this.#position === this.#end) this.failAtEnd();
      state = (state << 8) | (this.#bytes[this.#position++] ?? 0);
    }
    this.#state = state;
  }

  /**
   * Reads `count` (0..15) raw bits.
   *
   * @throws BitstreamError if the stream has no more bytes.
   */
  bits(count: number): number {
    const shift = TABLE_BITS - count;
    const value = this.slot >>> shift;
    this.advance(value << shift, 1 << shift);
    return value;
  }

  /**
   * Checks that the stream ends after its last symbol.
   *
   * @throws BitstreamError if bytes are left, or the state is not the start state of the encoder.
   */
  finish(): void {
    const offset = this.#position - this.#begin;
    if (this.#position !== this.#end) {
      throw new BitstreamError(`${this.#end - this.#position} bytes follow the last token`, {
        offset,
        field: 'tokens',
      });
    }
    if (this.#state !== STATE_LOWER) {
      throw new BitstreamError('coded tokens end with a wrong state', { offset, field: 'tokens' });
    }
  }
}
