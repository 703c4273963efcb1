import { createHash } from 'node:crypto';

/** SHA-256 of `bytes`, 32 bytes. It is a promise because browsers give no other. */
export function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return Promise.resolve(new Uint8Array(createHash('sha256').update(bytes).digest()));
}
