import { crc32 } from 'node:zlib';
import { SECTION_PAYLOAD_LIMIT } from '../../bitstream/limits.js';
import type { ByteSource } from '../../bitstream/byte-source.js';
import { ByteWindow } from '../../bitstream/byte-window.js';
import type { ByteSink } from '../../bitstream/stream-writer.js';
import { InputError } from '../../errors.js';
import { Spool } from '../../io/spool.js';
import { decodeNpy, encodeNpy, NPY_HEAD_LIMIT, npyHead, readNpyHead } from './npy.js';
import { splitLines } from './split-lines.js';
import { endLine, frameLine, headLine, LINE_LIMIT, readLines, sideLine, wordsLine } from './token-lines.js';
import {
  ARRAY_CLASSES,
  elementsOf,
  type ArrayLayout,
  type NamedArrays,
  type TokenArray,
} from '../../codec/token-arrays.js';
import type { TokenSource } from './token-source.js';
import { ZipReader } from './zip-reader.js';
import { ZipWriter } from './zip-writer.js';

/** The entry with the lines that a `.jsonl` file would have, without their arrays and bytes. */
const LINES = 'lines';
/** numpy's name of uint8. */
const BYTES = '|u1';

/** Writes tokens as numpy's archive of arrays (docs/TOKENS.md). Holds one frame at a time. */
export async function writeNpz(source: TokenSource, sink: ByteSink): Promise<void> {
  await using zip = new ZipWriter(sink);
  await using lines = new LineSpool();
  await lines.add(headLine(source));
  let sides = 0;
  for await (const item of source.items) {
    if (item.type === 'frame') {
      const { arrays, number } = item;
      await lines.add(frameLine(item, arrays === null ? 'null' : `"${number}"`));
      for (const layout of source.layout) {
        const array = arrays?.[layout.name];
        if (array) await zip.add(entryOf(`${number}/${layout.name}`), encodeNpy(layout, array));
      }
    } else if (item.type === 'side') {
      const name = `side/${sides++}`;
      await lines.add(sideLine(name));
      await zip.add(entryOf(name), encodeNpy(bytesLayout(item.bytes), item.bytes));
    } else {
      await lines.add(item.type === 'end' ? endLine(item) : wordsLine(item));
    }
  }
  await lines.store(zip);
  await zip.finish();
}

/** The lines, which are written last. */
class LineSpool implements AsyncDisposable {
  readonly #spool = new Spool();

  add(line: string): Promise<void> {
    return this.#spool.write(Buffer.from(`${line}\n`));
  }

  async store(zip: ZipWriter): Promise<void> {
    const header = npyHead(BYTES, [this.#spool.byteLength]);
    let crc = crc32(header);
    for await (const chunk of this.#spool.read()) crc = crc32(chunk, crc);
    const byteLength = header.length + this.#spool.byteLength;
    const spool = this.#spool;
    async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
      yield header;
      yield* spool.read();
    }
    await zip.addStored(entryOf(LINES), { byteLength, crc, chunks: chunks() });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#spool[Symbol.asyncDispose]();
  }
}

function bytesLayout({ length }: { readonly length: number }): Omit<ArrayLayout, 'name'> {
  return { dtype: 'uint8', shape: [length] };
}

/** The entry of an array, as numpy names it. */
function entryOf(array: string): string {
  return `${array}.npy`;
}

/**
 * Reads a file that {@link writeNpz} wrote, or that numpy wrote with the same arrays. Reads the arrays of a frame when
 * the caller asks for the frame.
 *
 * @param name of the file, for messages.
 * @throws InputError if it is not such a file. The items throw it if a later part is wrong.
 */
export async function openNpz(source: ByteSource, name: string): Promise<TokenSource> {
  const zip = await ZipReader.open(source, name);
  if (!zip.has(entryOf(LINES))) {
    throw new InputError(`${name} is not a token file: it has no array ${LINES}; make one with tessera tokens export`);
  }
  const text = `${name}: ${LINES}`;
  return readLines(
    splitLines(dataOf(zip, LINES, text), () => LINE_LIMIT, text),
    name,
    text,
    (layout) => ({
      arrays: (value, place) => readArrays(zip, value, layout, place),
      bytes: (array, place) => readSide(zip, array, place),
    }),
  );
}

/** Yields the bytes of an array of any length, in pieces. */
async function* dataOf(zip: ZipReader, array: string, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const window = new ByteWindow(zip.read(entryOf(array)));
  try {
    await window.fill(NPY_HEAD_LIMIT);
    const { byteLength, description } = readNpyHead(window.peek(0, NPY_HEAD_LIMIT), name);
    if (description !== BYTES) throw new InputError(`${name} is ${description}; it must be ${BYTES} (uint8)`);
    window.skip(byteLength);
    while (await window.fill(1)) {
      yield window.peek(0, window.available).slice();
      window.skip(window.available);
    }
  } finally {
    await window.close();
  }
}

async function readArrays(
  zip: ZipReader,
  value: unknown,
  layout: readonly ArrayLayout[],
  place: string,
): Promise<NamedArrays | null> {
  if (value === null) return null;
  if (typeof value !== 'string') throw new InputError(`${place}: arrays must be null or the prefix of their names`);
  const arrays: Record<string, TokenArray> = {};
  for (const entry of layout) {
    const array = `${value}/${entry.name}`;
    if (!zip.has(entryOf(array))) continue;
    const limit = elementsOf(entry) * ARRAY_CLASSES[entry.dtype].BYTES_PER_ELEMENT;
    arrays[entry.name] = decodeNpy(await readEntry(zip, array, limit, place), entry, `${place}: ${array}`);
  }
  return arrays;
}

async function readSide(zip: ZipReader, array: string, place: string): Promise<Uint8Array> {
  const npy = await readEntry(zip, array, SECTION_PAYLOAD_LIMIT, place);
  const name = `${place}: ${array}`;
  const { byteLength } = readNpyHead(npy, name);
  return decodeNpy(npy, { name, ...bytesLayout({ length: npy.length - byteLength }) }, name) as Uint8Array;
}

/** Reads a whole entry of at most `limit` bytes. */
async function readEntry(zip: ZipReader, array: string, limit: number, place: string): Promise<Uint8Array> {
  const entry = entryOf(array);
  if (!zip.has(entry)) throw new InputError(`${place}: there is no array ${array}`);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of zip.read(entry)) {
    length += chunk.length;
    if (length > limit + NPY_HEAD_LIMIT) throw new InputError(`${place}: ${array} is larger than it can be`);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
