import { STATE_BYTES, STATE_LOWER, TABLE_BITS, TABLE_TOTAL } from './rans-constants.js';

/**
 * Range asymmetric numeral system, encoding side (`docs/FORMAT.md` section 7; J. Duda, arXiv:1311.2540).
 *
 * The state `x` is one integer in `I = [L, 256 L)`, `L = 2^23`. With a symbol of frequency `f` that starts at `c` in a
 * table of total `T = 2^15`, the two directions are
 *
 *     encode  C(x) = T * floor(x / f) + c + (x mod f)
 *     decode  D(x) = f * floor(x / T) + (x mod T) - c
 *
 * **They are inverse.** `0 <= x mod f < f`, so `C(x) mod T = c + (x mod f)` lies in `[c, c + f)`: the decoder finds the
 * same symbol, and `D(C(x)) = f * floor(x / f) + (x mod f) = x`. `C(D(x)) = x` in the same way.
 *
 * **The interval.** `C` maps `I_f = [2^8 f, 2^16 f)` onto numbers of `I`, and `D` maps `I` into `I_f` (`f` times
 * `[2^8, 2^16)`). Before `C` the encoder takes bytes off the low end of `x` until `x < 2^16 f`; since `I_f` spans
 * exactly one factor of 256, there is exactly one number of such bytes that lands in it. After `D` the decoder puts
 * bytes back until `x >= L`; `I` spans one factor of 256 too, so it takes the same number. Hence both sides walk
 * through the same states. At most two bytes are needed for one symbol (`f >= 1`), and nothing exceeds
 * `256 L - 1 = 2^31 - 1`: every value is a non-negative int32, which is why plain `number` operations are exact.
 *
 * **Order.** The last symbol encoded is the first decoded, so symbols are kept until {@link RansEncoder.finish} and
 * encoded backwards. Bytes are written from the end of the buffer, so the reader reads forwards. Encoding starts with
 * `x = L`, so decoding ends with `x = L`. This is a check without cost.
 *
 * **Redundancy.** Ideal growth is `x T / f`. With `x = q f + r`, `C(x) - x T / f = c - r (T / f - 1) <= c < T`, and
 * `x T / f >= L` for `x` in `I_f`: a symbol costs at most `log2(1 + T / L) = 0.0057` bits more than `log2(T / f)`, and
 * a symbol with `c = 0` (the zero, first in every table) never costs more. The mean is far below that bound since
 * the difference has both signs. The state adds at most 32 bits to a stream: it is written with 32 bits, of which its
 * last value carries `log2 x - 23`.
 */
export class RansEncoder {
  /** `start << 16 | frequency` of each symbol, in reading order. */
  #symbols = new Uint32Array(4096);
  #count = 0;

  /** Number of symbols, raw bits included, since the last {@link RansEncoder.finish}. */
  get symbolCount(): number {
    return this.#count;
  }

  /**
   * Appends a symbol that occupies `start .. start + frequency - 1` of the table's 32768 slots.
   *
   * @throws RangeError if the interval is empty or leaves the table.
   */
  encode(start: number, frequency: number): void {
    if (frequency < 1 || start < 0 || start + frequency > TABLE_TOTAL) {
      throw new RangeError(`interval ${start}+${frequency} is outside a table of ${TABLE_TOTAL}`);
    }
    if (this.#count === this.#symbols.length) this.#grow();
    this.#symbols[this.#count++] = (start << 16) | frequency;
  }

  /**
   * Appends `count` (0..15) raw bits.
   *
   * @throws RangeError if `value` does not fit into `count` bits.
   */
  bits(value: number, count: number): void {
    if (count < 0 || count > TABLE_BITS || value < 0 || value >> count !== 0) {
      throw new RangeError(`${value} does not fit into ${count} raw bits`);
    }
    const shift = TABLE_BITS - count;
    this.encode(value << shift, 1 << shift);
  }

  /** Appends symbols, each as `start << 16 | frequency`, which are not checked. */
  append(symbols: Int32Array): void {
    while (this.#count + symbols.length > this.#symbols.length) this.#grow();
    this.#symbols.set(symbols, this.#count);
    this.#count += symbols.length;
  }

  /** Returns the coded stream of all symbols since the last call, and clears the symbols. */
  finish(): Uint8Array {
    const symbols = this.#symbols;
    const buffer = new Uint8Array(2 * this.#count + STATE_BYTES);
    let position = buffer.length;
    let state = STATE_LOWER;
    for (let index = this.#count - 1; index >= 0; index--) {
      const packed = symbols[index] ?? 0;
      const start = packed >>> 16;
      const frequency = packed & 0xffff;
      while (state >>> 16 >= frequency) {
        buffer[--position] = state & 255;
        state >>>= 8;
      }
      const quotient = (state / frequency) | 0;
      state = (quotient << TABLE_BITS) + start + (state - Math.imul(quotient, frequency));
    }
    for (let byte = STATE_BYTES - 1; byte >= 0; byte--) buffer[--position] = (state >>> (8 * byte)) & 255;
    this.#count = 0;
    return buffer.slice(position);
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#symbols.length);
    larger.set(this.#symbols);
    this.#symbols = larger;
  }
}
