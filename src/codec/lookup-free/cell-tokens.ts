import { crc32c } from '../../platform/checksums.js';
import type { FrameHeader } from '../frame-header.js';

/** Tokens of one packet. */
export type CellTokens = {
  /**
   * [token grids, rows, columns]: the sum of 2^i over positive channels i; empty in packets that show a picture of the
   * token grid before.
   */
  readonly ids: Uint32Array<ArrayBuffer>;
};

/**
 * Returns the number of token grids of a packet. A key packet may have a second token grid, which codes its picture
 * again.
 */
export function tokenGridsOf({ kind, variant: variant }: Pick<FrameHeader, 'kind' | 'variant'>): number {
  if (kind === 'key') return 1 + variant;
  return variant === 0 ? 1 : 0;
}

/** Returns the CRC-32C of ids as little-endian words (FORMAT.md section 13). */
export function idsChecksum({ ids }: CellTokens): number {
  // Typed arrays are little endian on every machine that onnxruntime runs on.
  return crc32c(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
}
