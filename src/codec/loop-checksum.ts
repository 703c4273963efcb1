import { crc32c } from '../bitstream/crc32c.js';
import type { Planes } from './picture.js';

/** CRC-32C of a loop picture's Y, U and V bytes at coded size (FORMAT.md section 10). */
export function loopChecksum(planes: Planes): number {
  return crc32c(planes.v, crc32c(planes.u, crc32c(planes.y)));
}
