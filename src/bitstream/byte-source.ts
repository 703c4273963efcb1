/** A source of bytes with a known length and random access: a file, memory, a range of an HTTP resource. */
export interface ByteSource {
  /** Number of bytes. */
  readonly size: number;
  /** Reads `length` bytes from `offset` on; fewer only at the end of the source. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

const CHUNK_BYTES = 2 ** 18;

/** Returns true if an input has random access, false if it can be read only once from front to back. */
export function isByteSource(input: AsyncIterable<Uint8Array> | ByteSource): input is ByteSource {
  return 'read' in input && typeof input.read === 'function' && 'size' in input && typeof input.size === 'number';
}

/** Yields the bytes of a source from `offset` on, in pieces of `chunkBytes`. */
export async function* chunksOf(
  source: ByteSource,
  offset = 0,
  chunkBytes = CHUNK_BYTES,
): AsyncGenerator<Uint8Array, void, void> {
  let position = offset;
  while (position < source.size) {
    const chunk = await source.read(position, Math.min(chunkBytes, source.size - position));
    if (chunk.length === 0) return;
    position += chunk.length;
    yield chunk;
  }
}

/** Returns a source over bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}
