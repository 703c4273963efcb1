import { crc32c } from '../../bitstream/crc32c.js';
import type { FrameHead } from '../frame-head.js';

/** Tokens of one packet. */
export type CellTokens = {
  /** [rows, columns]: the sum of 2^i over positive channels i; empty in packets that show a picture of the one before. */
  readonly ids: Uint32Array<ArrayBuffer>;
};

/** Whether such a packet carries a token frame of its own. */
export function hasOwnTokens(head: Pick<FrameHead, 'kind' | 'interpolation'>): boolean {
  return head.kind === 'key' || head.interpolation === 0;
}

/** CRC-32C of ids as little-endian words (FORMAT.md section 13). */
export function idsChecksum({ ids }: CellTokens): number {
  // Typed arrays are little endian on every machine that onnxruntime runs on.
  return crc32c(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
}
