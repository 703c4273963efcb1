import { createHash } from 'node:crypto';
import type * as decompressModule from '../../src/pipeline/decompress.js';
import { load } from '../codec/built.js';

const { decompressVideo } = await load<typeof decompressModule>('pipeline/decompress.js');

/** SHA-256 of each frame that `decompress` writes as y4m without post-filter. */
export async function referenceFrames(stream: Uint8Array, pack: string): Promise<string[]> {
  const hashes: string[] = [];
  let hasHeader = false;
  const write = (bytes: Uint8Array): Promise<void> => {
    // The header comes in a piece of its own, then each frame after a line.
    if (hasHeader) hashes.push(sha256(bytes.subarray(bytes.indexOf(0x0a) + 1)));
    hasHeader = true;
    return Promise.resolve();
  };
  await decompressVideo(once(stream), { write }, { pack, postFilter: 'none' });
  return hashes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

// eslint-disable-next-line @typescript-eslint/require-await
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
