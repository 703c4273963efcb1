import type { ByteSource } from '../bitstream/byte-source.js';
import { resolveAddress } from './address.js';
import type { PlayerSource } from './api.js';
import { GrowingSource } from './growing-source.js';
import { openAddress } from './http-source.js';

/** A range of bytes; `end` is not part of it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes of a source. `size` is Infinity until it is known. A read gives at least one byte, or none at the end; it may
 * give fewer than asked for.
 */
export interface PlayerBytes extends ByteSource {
  /** True: any place can be read at once. False: only what has arrived. */
  readonly isRandom: boolean;
  /** True: reading all of it costs little. */
  readonly isLocal: boolean;
  /** The bytes that are here, in order. */
  readonly held: readonly ByteRange[];
  /** Stops loading. Reads that wait are rejected. */
  close(): void;
}

/**
 * Opens a source.
 *
 * @throws PlayerFailure if the address cannot be loaded.
 */
export async function openBytes(source: PlayerSource): Promise<PlayerBytes> {
  if (source instanceof Blob) return new BlobSource(source);
  if (source instanceof ReadableStream) return new GrowingSource(source, 'the stream');
  return await openAddress(resolveAddress(source));
}

class BlobSource implements PlayerBytes {
  readonly isRandom = true;
  readonly isLocal = true;
  readonly size: number;
  readonly #blob: Blob;

  constructor(blob: Blob) {
    this.#blob = blob;
    this.size = blob.size;
  }

  get held(): readonly ByteRange[] {
    return [{ start: 0, end: this.size }];
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return new Uint8Array(await this.#blob.slice(offset, offset + length).arrayBuffer());
  }

  close(): void {}
}
