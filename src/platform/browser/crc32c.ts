/** The polynomial of CRC-32C, reflected. */
const POLYNOMIAL = 0x82f63b78;
/** The number of bytes that one step takes. */
const STEP = 8;

/** `tables[n][b]`: the CRC of the byte `b` with `n` zero bytes after it. */
const tables = makeTables();

function makeTables(): readonly Int32Array[] {
  const made = Array.from({ length: STEP }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? POLYNOMIAL : 0);
    made[0]![byte] = crc;
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let zeros = 1; zeros < STEP; zeros++) {
      const before = made[zeros - 1]![byte]!;
      made[zeros]![byte] = (before >>> 8) ^ made[0]![before & 255]!;
    }
  }
  return made;
}

/**
 * CRC-32C (Castagnoli; RFC 3720 section 12.1) of `bytes`, as an unsigned 32-bit number.
 *
 * @param initial the CRC of the bytes before, to continue from there.
 */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as unknown as readonly [
    ...[Int32Array, Int32Array, Int32Array, Int32Array],
    ...[Int32Array, Int32Array, Int32Array, Int32Array],
  ];
  let crc = ~initial;
  let at = 0;
  for (const end = bytes.length - STEP; at <= end; at += STEP) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t7[crc & 255]! ^
      t6[(crc >>> 8) & 255]! ^
      t5[(crc >>> 16) & 255]! ^
      t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}
