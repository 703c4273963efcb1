import { crc32c } from '../../bitstream/crc32c.js';
import type { FrameHead } from '../frame-head.js';

/** Tokens of one packet. */
export type CellTokens = {
  /**
   * [token frames, rows, columns]: the sum of 2^i over positive channels i; empty in packets that show a picture of the
   * token frame before.
   */
  readonly ids: Uint32Array<ArrayBuffer>;
};

/** Token frames of such a packet: a key packet may have a second one, which codes its picture again. */
export function tokenFramesOf({ kind, interpolation }: Pick<FrameHead, 'kind' | 'interpolation'>): number {
  if (kind === 'key') return 1 + interpolation;
  return interpolation === 0 ? 1 : 0;
}

/** CRC-32C of ids as little-endian words (FORMAT.md section 13). */
export function idsChecksum({ ids }: CellTokens): number {
  // Typed arrays are little endian on every machine that onnxruntime runs on.
  return crc32c(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
}
