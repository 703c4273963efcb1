import type { ByteSink } from '../../../src/bitstream/stream-writer.js';

/** Keeps what is written. */
export class MemorySink implements ByteSink {
  readonly #chunks: Uint8Array[] = [];

  write(bytes: Uint8Array): Promise<void> {
    this.#chunks.push(bytes.slice());
    return Promise.resolve();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

/** Bytes as a pipe gives them, in pieces of `size`. */
export async function* piped(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}
