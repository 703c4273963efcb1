import { crc32c } from '../platform/checksums.js';
import { BitstreamError } from '../errors.js';
import type { Planes } from './planes.js';

/** Returns the CRC-32C of a loop picture's Y, U and V bytes at coded size (FORMAT.md section 10). */
export function loopChecksum(planes: Planes): number {
  return crc32c(planes.v, crc32c(planes.u, crc32c(planes.y)));
}

/** Throws BitstreamError if the checksum of the decoded picture differs from the checksum in the packet. */
export function requireChecksum(found: number, carried: number): void {
  if (found === carried) return;
  throw new BitstreamError('the checksum of the loop picture differs from that of the encoder', {
    field: 'loopChecksum',
  });
}
