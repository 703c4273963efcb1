import { promisify } from 'node:util';
import { crc32, deflateRaw } from 'node:zlib';
import { ByteWriter } from '../../bitstream/byte-writer.js';
import type { ByteSink } from '../../bitstream/stream-writer.js';
import { Spool } from '../../io/spool.js';
import {
  centralFields,
  DEFLATED,
  end64Fields,
  END64_BYTES,
  endFields,
  extraFields,
  IN_ZIP64,
  localFields,
  locator64Fields,
  NO_DATE,
  offset64Fields,
  SHORT_IN_ZIP64,
  SIGNATURES,
  sizes64Fields,
  STORED,
  UTF8_NAMES,
  ZIP64_EXTRA_ID,
  ZIP64_VERSION,
} from './zip-format.js';

const deflate = promisify(deflateRaw);

/** The directory record of an entry. */
interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly bytes: number;
  readonly packedBytes: number;
}

/** Writes a ZIP archive from front to back, of any number of entries: the directory waits in a {@link Spool}. */
export class ZipWriter implements AsyncDisposable {
  readonly #sink: ByteSink;
  readonly #directory = new Spool();
  #entries = 0;
  #offset = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Adds an entry, deflated if that makes it smaller. */
  async add(name: string, contents: Uint8Array): Promise<void> {
    const deflated = await deflate(contents);
    const isSmaller = deflated.length < contents.length;
    const packed = isSmaller ? deflated : contents;
    await this.#begin({
      name,
      method: isSmaller ? DEFLATED : STORED,
      crc: crc32(contents),
      bytes: contents.length,
      packedBytes: packed.length,
    });
    await this.#write(packed);
  }

  /** Adds an entry that is too large for memory, as it is. */
  async addStored(name: string, contents: StoredContents): Promise<void> {
    const { byteLength, crc } = contents;
    await this.#begin({ name, method: STORED, crc, bytes: byteLength, packedBytes: byteLength });
    for await (const chunk of contents.chunks) await this.#write(chunk);
  }

  /** Writes the directory. */
  async finish(): Promise<void> {
    const directoryOffset = this.#offset;
    for await (const chunk of this.#directory.read()) await this.#write(chunk);
    const end64Offset = this.#offset;
    const entries = BigInt(this.#entries);
    const writer = new ByteWriter();
    end64Fields.write(
      writer,
      {
        signature: SIGNATURES.end64,
        // What follows this field.
        size: BigInt(END64_BYTES - 12),
        ...{ madeBy: ZIP64_VERSION, version: ZIP64_VERSION, disk: 0, directoryDisk: 0 },
        ...{ entriesOnDisk: entries, entries },
        directoryBytes: BigInt(end64Offset - directoryOffset),
        directoryOffset: BigInt(directoryOffset),
      },
      'end64',
    );
    const offset = BigInt(end64Offset);
    locator64Fields.write(writer, { signature: SIGNATURES.locator64, disk: 0, offset, disks: 1 }, 'locator64');
    endFields.write(
      writer,
      {
        signature: SIGNATURES.end,
        ...{ disk: 0, directoryDisk: 0, entriesOnDisk: SHORT_IN_ZIP64, entries: SHORT_IN_ZIP64 },
        ...{ directoryBytes: IN_ZIP64, directoryOffset: IN_ZIP64, commentBytes: 0 },
      },
      'end',
    );
    await this.#write(writer.finish());
  }

  /** Forgets the directory. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#directory[Symbol.asyncDispose]();
  }

  /** Writes the entry's head and notes it in the directory. */
  async #begin({ name, method, crc, ...sizes }: Entry): Promise<void> {
    const nameBytes = new TextEncoder().encode(name);
    const common = {
      ...{ version: ZIP64_VERSION, flags: UTF8_NAMES, method, time: 0, date: NO_DATE, crc },
      ...{ packedBytes: IN_ZIP64, bytes: IN_ZIP64, nameBytes: nameBytes.length },
    };
    const sizes64 = { bytes: BigInt(sizes.bytes), packedBytes: BigInt(sizes.packedBytes) };
    const central = new ByteWriter();
    centralFields.write(
      central,
      {
        ...{ signature: SIGNATURES.central, madeBy: ZIP64_VERSION, ...common, extraBytes: 28, commentBytes: 0 },
        ...{ disk: 0, internalAttributes: 0, externalAttributes: 0, offset: IN_ZIP64 },
      },
      'central',
    );
    central.bytes(nameBytes);
    extraFields.write(central, { id: ZIP64_EXTRA_ID, size: 24 }, 'extra');
    sizes64Fields.write(central, sizes64, 'sizes64');
    offset64Fields.write(central, { offset: BigInt(this.#offset) }, 'offset64');
    await this.#directory.write(central.finish());
    this.#entries++;

    const local = new ByteWriter();
    localFields.write(local, { signature: SIGNATURES.local, ...common, extraBytes: 20 }, 'local');
    local.bytes(nameBytes);
    extraFields.write(local, { id: ZIP64_EXTRA_ID, size: 16 }, 'extra');
    sizes64Fields.write(local, sizes64, 'sizes64');
    await this.#write(local.finish());
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#offset += bytes.length;
    await this.#sink.write(bytes);
  }
}

/** Contents that come in pieces; `crc` is their CRC-32. */
export interface StoredContents {
  readonly byteLength: number;
  readonly crc: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}
