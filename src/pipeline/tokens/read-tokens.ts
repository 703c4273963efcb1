import { chunksOf } from '../../bitstream/byte-source.js';
import { crc32c } from '../../platform/checksums.js';
import { openFileSource, type FileSource } from '../../io/file-source.js';
import { StreamReader, type StreamSection } from '../../bitstream/stream-reader.js';
import type { StreamWords } from '../../bitstream/words.js';
import { unlessCancelled } from '../../codec/cancellation.js';
import { BitstreamError, InputError, throwIfCancelled } from '../../errors.js';
import { resolveInput } from '../../io/input.js';
import type { LongCallOptions } from '../progress.js';
import type { StreamInput } from '../stream-input.js';
import { CODER_IN_FLIGHT, TokenCoder, type TokenCoderOptions } from './token-coder.js';
import type { FrameRecord, TokenItem, TokenSource } from './token-source.js';

/** How to read tokens. */
export interface ReadTokensOptions extends TokenCoderOptions, Omit<LongCallOptions, 'onProgress'> {}

/** The tokens of a `.tsr` stream; hold it with `await using`. */
export interface TokenReader extends TokenSource, AsyncDisposable {
  /** Bytes of the stream that have been read so far. */
  readonly bytesRead: number;
  /** The number of bytes of packets among them, with framing. */
  readonly packetBytesRead: number;
}

/**
 * Reads the tokens of a `.tsr` stream and everything else in it, without decoding pictures:
 *
 * ```ts
 * await using tokens = await readTokens('in.tsr');
 * for await (const item of tokens.items) if (item.type === 'frame') console.log(item.pts, item.arrays);
 * ```
 *
 * {@link writeTokens} makes the same stream from the items. Items are read only when the caller asks for them.
 *
 * @throws InputError if there is no such file; BitstreamError if it is not a tessera stream (the items throw it at any
 * damage); ModelError if its model pack is missing; EnvironmentError; CancelledError.
 */
export async function readTokens(given: StreamInput, options: ReadTokensOptions = {}): Promise<TokenReader> {
  throwIfCancelled(options.signal);
  const input = await resolveInput(given, options.signal);
  const name = typeof input === 'string' ? input : 'the input pipe';
  const file = typeof input === 'string' ? await openFileSource(input) : null;
  try {
    if (file?.size === 0) throw new InputError(`${name} is empty`);
    const bytes = new CheckedBytes(typeof input === 'string' ? chunksOf(file!) : input);
    const reader = await StreamReader.open(bytes.pass(), { strict: true });
    try {
      return new StreamTokens(name, file, bytes, reader, await TokenCoder.create(reader.header, options), options);
    } catch (error) {
      await reader.close();
      throw error;
    }
  } catch (error) {
    await file?.close();
    throw error;
  }
}

/** Counts the bytes that pass and computes their checksum. */
class CheckedBytes {
  readonly #bytes: AsyncIterable<Uint8Array>;
  count = 0;
  crc32c = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#bytes = bytes;
  }

  async *pass(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of this.#bytes) {
      this.count += chunk.length;
      this.crc32c = crc32c(chunk, this.crc32c);
      yield chunk;
    }
  }
}

class StreamTokens implements TokenReader {
  readonly name: string;
  readonly items: AsyncIterable<TokenItem>;
  packetBytesRead = 0;
  readonly #file: FileSource | null;
  readonly #bytes: CheckedBytes;
  readonly #reader: StreamReader;
  readonly #coder: TokenCoder;
  #frames = 0;
  #chunk = -1;
  #tokenGrid = -1;

  constructor(
    name: string,
    file: FileSource | null,
    bytes: CheckedBytes,
    reader: StreamReader,
    coder: TokenCoder,
    { signal, onNote }: ReadTokensOptions,
  ) {
    this.name = name;
    this.#file = file;
    this.#bytes = bytes;
    this.#reader = reader;
    this.#coder = coder;
    this.items = this.#readItems(signal, onNote);
  }

  get family(): string {
    return this.#coder.family;
  }

  get header(): TokenSource['header'] {
    return this.#reader.header;
  }

  get layout(): TokenSource['layout'] {
    return this.#coder.arrays.layout;
  }

  get bytesRead(): number {
    return this.#bytes.count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#coder[Symbol.asyncDispose]();
    await this.#reader.close();
    await this.#file?.close();
  }

  async *#readItems(
    signal: AbortSignal | undefined,
    onNote: LongCallOptions['onNote'],
  ): AsyncGenerator<TokenItem, void, undefined> {
    const pending: Promise<TokenItem>[] = [];
    try {
      for await (const section of this.#reader.sections()) {
        throwIfCancelled(signal);
        if (section.kind === 'unknown') onNote?.(`a section of unknown type ${section.type} is left out`);
        for (const item of this.#itemsOf(section)) {
          item.catch(() => undefined);
          pending.push(item);
        }
        while (pending.length > CODER_IN_FLIGHT) yield await unlessCancelled(pending.shift()!, signal);
      }
      while (pending.length > 0) yield await unlessCancelled(pending.shift()!, signal);
      yield { type: 'end', frames: this.#frames, crc32c: this.#bytes.crc32c };
    } finally {
      await this.#reader.close();
    }
  }

  #itemsOf(section: StreamSection): Promise<TokenItem>[] {
    switch (section.kind) {
      case 'packet':
        this.packetBytesRead += section.byteLength;
        return [this.#readFrame(section)];
      case 'side':
        return [Promise.resolve({ type: 'side', bytes: section.bytes })];
      case 'words':
        return itemsOfWords(section.words).map((item) => Promise.resolve(item));
      case 'end': {
        const { packetCount } = section.end;
        if (packetCount === this.#frames) return [];
        throw new BitstreamError(`the end section says ${packetCount} frames, but the stream has ${this.#frames}`);
      }
      default:
        return [];
    }
  }

  async #readFrame({ packet }: Extract<StreamSection, { kind: 'packet' }>): Promise<FrameRecord> {
    const { tokens: bytes, duration, loopChecksum, ...header } = packet;
    const number = this.#frames++;
    if (header.kind === 'key') {
      this.#chunk++;
      this.#tokenGrid = -1;
    }
    this.#tokenGrid += this.#coder.arrays.tokenGridsOf(header);
    const place = { number, chunk: this.#chunk, tokenGrid: this.#tokenGrid };
    try {
      const arrays = await this.#coder.read(header, bytes);
      return { type: 'frame', ...place, ...header, duration, loopChecksum, arrays };
    } catch (error) {
      if (!(error instanceof BitstreamError)) throw error;
      throw new BitstreamError(`frame ${number} cannot be read: ${error.message}`, { cause: error });
    }
  }
}

function itemsOfWords({ scenes, ...head }: StreamWords): TokenItem[] {
  return [{ type: 'words', ...head }, ...scenes.map((scene) => ({ type: 'scene' as const, ...scene }))];
}
