import { Readable } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { ByteReader } from '../../bitstream/byte-reader.js';
import type { ByteSource } from '../../bitstream/byte-source.js';
import { ByteWindow } from '../../bitstream/byte-window.js';
import { BitstreamError, InputError } from '../../errors.js';
import {
  CENTRAL_BYTES,
  centralFields,
  DEFLATED,
  ENCRYPTED,
  END64_BYTES,
  end64Fields,
  END_BYTES,
  endFields,
  extraFields,
  IN_ZIP64,
  LOCAL_BYTES,
  localFields,
  LOCATOR64_BYTES,
  locator64Fields,
  SIGNATURES,
  STORED,
  ZIP64_EXTRA_ID,
} from './zip-format.js';

/** Bytes of the largest comment behind the end. */
const COMMENT_LIMIT = 2 ** 16 - 1;
const CHUNK_BYTES = 2 ** 18;

/** Where an entry stands. */
interface Entry {
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly bytes: number;
  readonly packedBytes: number;
  readonly offset: number;
}

/** Reads the entries of a ZIP archive by their names; holds its directory. */
export class ZipReader {
  readonly #source: ByteSource;
  readonly #name: string;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(source: ByteSource, name: string, entries: ReadonlyMap<string, Entry>) {
    this.#source = source;
    this.#name = name;
    this.#entries = entries;
  }

  /**
   * Reads the directory.
   *
   * @param name of the archive, for messages.
   * @throws InputError if it is cut or damaged.
   */
  static async open(source: ByteSource, name: string): Promise<ZipReader> {
    return new ZipReader(source, name, await understood(name, () => readDirectory(source)));
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
    const damage = `${this.#name} is damaged: its entry ${entryName} cannot be read; export the tokens again`;
    if ((entry.method !== STORED && entry.method !== DEFLATED) || (entry.flags & ENCRYPTED) !== 0) {
      throw new InputError(`${this.#name}: entry ${entryName} is packed in a way that numpy does not use`);
    }
    let crc = 0;
    let bytes = 0;
    for await (const chunk of this.#unpack(entry, damage)) {
      bytes += chunk.length;
      if (bytes > entry.bytes) break;
      crc = crc32(chunk, crc);
      yield chunk;
    }
    if (bytes !== entry.bytes || crc !== entry.crc) throw new InputError(damage);
  }

  async *#unpack(entry: Entry, damage: string): AsyncGenerator<Uint8Array, void, undefined> {
    const packed = await understood(this.#name, () => this.#packed(entry));
    if (entry.method === STORED) {
      yield* packed;
      return;
    }
    const inflate = createInflateRaw();
    const source = Readable.from(packed, { objectMode: false });
    source.on('error', (error) => inflate.destroy(error));
    source.pipe(inflate);
    try {
      for await (const chunk of inflate) yield chunk as Uint8Array;
    } catch (error) {
      throw new InputError(damage, { cause: error });
    } finally {
      source.destroy();
    }
  }

  async #packed({ offset, packedBytes }: Entry): Promise<AsyncGenerator<Uint8Array, void, undefined>> {
    const source = this.#source;
    const local = localFields.read(await readerAt(source, offset, LOCAL_BYTES), 'local');
    expectSignature(local.signature, SIGNATURES.local, offset);
    const begin = offset + LOCAL_BYTES + local.nameBytes + local.extraBytes;
    return chunksBetween(source, begin, begin + packedBytes);
  }
}

async function* chunksBetween(
  source: ByteSource,
  begin: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const limit = Math.min(end, source.size);
  for (let at = begin; at < limit;) {
    const chunk = await source.read(at, Math.min(CHUNK_BYTES, limit - at));
    if (chunk.length === 0) return;
    at += chunk.length;
    yield chunk;
  }
}

/** A reader of bytes that a number in the archive points to, which may be any. */
async function readerAt(source: ByteSource, offset: number, length: number): Promise<ByteReader> {
  return new ByteReader(offset < source.size ? await source.read(offset, length) : new Uint8Array(0), offset);
}

/** Says in words of archives what is wrong with one. */
async function understood<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BitstreamError)) throw error;
    throw new InputError(`${name} is cut or damaged: ${error.message}; export the tokens again`, { cause: error });
  }
}

async function readDirectory(source: ByteSource): Promise<Map<string, Entry>> {
  const { begin, end, count } = await findDirectory(source);
  const entries = new Map<string, Entry>();
  const window = new ByteWindow(chunksBetween(source, begin, end), begin);
  for (let index = 0; index < count; index++) {
    await window.fill(CENTRAL_BYTES);
    const fixed = new ByteReader(window.peek(0, CENTRAL_BYTES), window.position);
    const central = centralFields.read(fixed, 'central');
    expectSignature(central.signature, SIGNATURES.central, window.position);
    window.skip(CENTRAL_BYTES);
    const variable = central.nameBytes + central.extraBytes + central.commentBytes;
    await window.fill(variable);
    const reader = new ByteReader(window.peek(0, variable), window.position);
    const name = new TextDecoder().decode(reader.bytes(central.nameBytes, 'name'));
    const { flags, method, crc } = central;
    const large = readExtra(reader.bytes(central.extraBytes, 'extra'), window.position, central);
    entries.set(name, { flags, method, crc, ...large });
    reader.bytes(central.commentBytes, 'comment');
    window.skip(variable);
  }
  return entries;
}

type Large = Pick<Entry, 'bytes' | 'packedBytes' | 'offset'>;

/** Takes from the ZIP64 extra field those values that are too large for the old fields. */
function readExtra(extra: Uint8Array, offset: number, central: Large): Large {
  const large = { bytes: central.bytes, packedBytes: central.packedBytes, offset: central.offset };
  const reader = new ByteReader(extra, offset);
  while (reader.remaining >= 4) {
    const { id, size } = extraFields.read(reader, 'extra');
    const field = new ByteReader(reader.bytes(size, 'extra'), offset);
    if (id !== ZIP64_EXTRA_ID) continue;
    for (const name of ['bytes', 'packedBytes', 'offset'] as const) {
      if (large[name] === IN_ZIP64) large[name] = Number(field.uint64(name));
    }
  }
  return large;
}

async function findDirectory(source: ByteSource): Promise<{ begin: number; end: number; count: number }> {
  const tailOffset = Math.max(0, source.size - END_BYTES - COMMENT_LIMIT - LOCATOR64_BYTES);
  const tail = Buffer.from(await source.read(tailOffset, source.size - tailOffset));
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(SIGNATURES.end);
  const at = tail.lastIndexOf(signature);
  if (at === -1) throw new BitstreamError('its directory of entries is missing');
  const readAt = (from: number): ByteReader => new ByteReader(tail.subarray(from), tailOffset + from);
  const end = endFields.read(readAt(at), 'end');
  const endOffset = tailOffset + at;
  const locatorAt = at - LOCATOR64_BYTES;
  if (locatorAt >= 0 && tail.readUInt32LE(locatorAt) === SIGNATURES.locator64) {
    const offset = Number(locator64Fields.read(readAt(locatorAt), 'locator64').offset);
    const end64 = end64Fields.read(await readerAt(source, offset, END64_BYTES), 'end64');
    expectSignature(end64.signature, SIGNATURES.end64, offset);
    const begin = Number(end64.directoryOffset);
    return { begin, end: begin + Number(end64.directoryBytes), count: Number(end64.entries) };
  }
  const begin = end.directoryOffset;
  if (begin + end.directoryBytes > endOffset) throw new BitstreamError('its directory of entries is cut');
  return { begin, end: begin + end.directoryBytes, count: end.entries };
}

function expectSignature(found: number, expected: number, offset: number): void {
  if (found !== expected) throw new BitstreamError('bytes are not what they should be', { offset, field: 'signature' });
}
