/** Bits of a probability: frequencies of one table sum to `2^TABLE_BITS`. */
export const TABLE_BITS = 15;

/** Sum of the frequencies of every probability table. */
export const TABLE_TOTAL = 1 << TABLE_BITS;

/** `L` of `docs/FORMAT.md` section 7: the state of the coder is in `STATE_LOWER .. 256 * STATE_LOWER - 1`. */
export const STATE_LOWER = 1 << 23;

/** The size of the state at the start of a coded stream in bytes, little endian. */
export const STATE_BYTES = 4;
