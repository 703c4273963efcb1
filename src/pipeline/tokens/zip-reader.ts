import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { Entry, fromRandomAccessReaderPromise, RandomAccessReader, type ZipFile } from 'yauzl';
import type { ByteSource } from '../../bitstream/byte-source.js';
import { InputError } from '../../errors.js';

const CHUNK_BYTES = 2 ** 18;

/** Reads the entries of a ZIP archive by their names; holds its directory. */
export class ZipReader {
  readonly #name: string;
  readonly #bytes: SourceBytes;
  readonly #zip: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(name: string, bytes: SourceBytes, zip: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#name = name;
    this.#bytes = bytes;
    this.#zip = zip;
    this.#entries = entries;
  }

  /**
   * Reads the directory.
   *
   * @param name of the archive, for messages.
   * @throws InputError if it is cut or damaged.
   */
  static async open(source: ByteSource, name: string): Promise<ZipReader> {
    const bytes = new SourceBytes(source);
    try {
      const zip = await fromRandomAccessReaderPromise(bytes, source.size, { autoClose: false });
      const entries = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) entries.set(entry.fileName, withoutTexts(entry));
      return new ZipReader(name, bytes, zip, entries);
    } catch (error) {
      throw bytes.failure ?? damaged(name, error);
    }
  }

  /** Whether there is such an entry. */
  has(entryName: string): boolean {
    return this.#entries.has(entryName);
  }

  /**
   * The contents of an entry in pieces. Their CRC-32 is checked behind the last one.
   *
   * @throws InputError if the entry is missing, cut or damaged.
   */
  async *read(entryName: string): AsyncGenerator<Uint8Array, void, undefined> {
    const entry = this.#entries.get(entryName);
    if (entry === undefined) throw new InputError(`${this.#name} has no entry ${entryName}`);
    if (!entry.canDecodeFileData()) {
      throw new InputError(`${this.#name}: entry ${entryName} is packed with a method that numpy does not use`);
    }
    const contents = await this.#zip.openReadStreamPromise(entry).catch((error: unknown) => {
      throw this.#bytes.failure ?? damaged(this.#name, error);
    });
    const damage = `${this.#name} is damaged: its entry ${entryName} cannot be read; export the tokens again`;
    let crc = 0;
    try {
      for await (const chunk of contents as AsyncIterable<Buffer>) {
        crc = crc32(chunk, crc);
        yield chunk;
      }
    } catch (error) {
      throw this.#bytes.failure ?? new InputError(damage, { cause: error });
    }
    if (crc !== entry.crc32) throw new InputError(damage);
  }
}

/** The bytes of a source for yauzl. Keeps one piece, from which headers and small entries are read. */
class SourceBytes extends RandomAccessReader {
  readonly #source: ByteSource;
  #piece: Uint8Array = new Uint8Array(0);
  #pieceAt = 0;
  /** The error of the source itself, which says nothing about the archive. */
  failure: Error | undefined;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#bytes(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        callback(bytes.length < length ? new Error('it ends too early') : null);
      },
      (error: unknown) => callback(error as Error),
    );
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#pieces(start, end), { objectMode: false });
  }

  async *#pieces(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = start; at < end;) {
      const bytes = await this.#bytes(at, Math.min(CHUNK_BYTES, end - at));
      if (bytes.length === 0) return;
      at += bytes.length;
      yield bytes;
    }
  }

  /** Bytes from `position` on; fewer than `length` only where the source ends. */
  async #bytes(position: number, length: number): Promise<Uint8Array> {
    const { size } = this.#source;
    const end = Math.min(position + length, size);
    if (position >= size) return new Uint8Array(0);
    if (position < this.#pieceAt || end > this.#pieceAt + this.#piece.length) {
      try {
        this.#piece = await this.#source.read(position, Math.max(length, CHUNK_BYTES));
      } catch (error) {
        this.failure = error as Error;
        throw this.failure;
      }
      this.#pieceAt = position;
    }
    return this.#piece.subarray(position - this.#pieceAt, end - this.#pieceAt);
  }
}

/** An entry with what reading needs: a long video has very many. */
function withoutTexts(entry: Entry): Entry {
  const kept = new Entry();
  kept.generalPurposeBitFlag = entry.generalPurposeBitFlag;
  kept.compressionMethod = entry.compressionMethod;
  kept.crc32 = entry.crc32;
  kept.compressedSize = entry.compressedSize;
  kept.uncompressedSize = entry.uncompressedSize;
  kept.relativeOffsetOfLocalHeader = entry.relativeOffsetOfLocalHeader;
  return kept;
}

/** Says what yauzl says of an archive, up to its first full stop. */
function damaged(name: string, error: unknown): InputError {
  const [problem] = (error as Error).message.split('. ', 1) as [string];
  const text = problem.charAt(0).toLowerCase() + problem.slice(1);
  return new InputError(`${name} is cut or damaged: ${text}; export the tokens again`, { cause: error });
}
