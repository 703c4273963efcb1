import { crc32c as nativeCrc32c } from '@node-rs/crc32';

/**
 * CRC-32C (Castagnoli; RFC 3720 section 12.1) of `bytes`, as an unsigned 32-bit number.
 *
 * @param initial the CRC of the bytes before, to continue from there.
 */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  return nativeCrc32c(bytes, initial);
}
