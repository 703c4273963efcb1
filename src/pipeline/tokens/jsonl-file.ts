import { SECTION_PAYLOAD_LIMIT } from '../../bitstream/limits.js';
import type { ByteSink } from '../../bitstream/stream-writer.js';
import { InputError } from '../../errors.js';
import { splitLines } from './split-lines.js';
import { endLine, frameLine, headLine, LINE_LIMIT, readLines, sideLine, wordsLine } from './token-lines.js';
import {
  ARRAY_CLASSES,
  elementsOf,
  placeOf,
  type ArrayLayout,
  type NamedArrays,
  type TokenArray,
} from '../../codec/token-arrays.js';
import type { TokenItem, TokenSource } from './token-source.js';

/** The largest number of characters of a number: digits, sign, comma and a space. */
const NUMBER_CHARACTERS = 12;

/** Writes tokens as lines of JSON (docs/TOKENS.md). Holds one line at a time. */
export async function writeJsonl(source: TokenSource, sink: ByteSink): Promise<void> {
  const writeLine = (line: string): Promise<void> => sink.write(Buffer.from(`${line}\n`));
  await writeLine(headLine(source));
  for await (const item of source.items) await writeLine(lineOf(item, source.layout));
}

function lineOf(item: TokenItem, layout: readonly ArrayLayout[]): string {
  switch (item.type) {
    case 'frame':
      return frameLine(item, item.arrays === null ? 'null' : arraysText(item.arrays, layout));
    case 'side':
      return sideLine(Buffer.from(item.bytes).toString('base64'));
    case 'words':
    case 'scene':
      return wordsLine(item);
    case 'end':
      return endLine(item);
  }
}

function arraysText(arrays: NamedArrays, layout: readonly ArrayLayout[]): string {
  const texts = layout.map(({ name }) => (arrays[name] ? [`"${name}":[${arrays[name].join(',')}]`] : []));
  return `{${texts.flat().join(',')}}`;
}

/**
 * Reads a file that {@link writeJsonl} wrote.
 *
 * @param name of the file, for messages.
 * @throws InputError if it is not such a file. The items throw it if a later line is wrong.
 */
export function openJsonl(chunks: AsyncIterable<Uint8Array>, name: string): Promise<TokenSource> {
  let limit = LINE_LIMIT;
  return readLines(
    splitLines(chunks, () => limit, name),
    name,
    name,
    (layout) => {
      limit = longLineLimit(layout);
      return {
        arrays: (value, place) => readArrays(value, layout, place),
        bytes: readBytes,
      };
    },
  );
}

function longLineLimit(layout: readonly ArrayLayout[]): number {
  const numbers = layout.reduce((sum, entry) => sum + elementsOf(entry), 0);
  return LINE_LIMIT + NUMBER_CHARACTERS * numbers + 2 * SECTION_PAYLOAD_LIMIT;
}

function readBytes(text: string, place: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new InputError(`${place}: bytes must be base64`);
  return bytes;
}

function readArrays(value: unknown, layout: readonly ArrayLayout[], place: string): NamedArrays | null {
  if (value === null) return null;
  if (typeof value !== 'object') throw new InputError(`${place}: arrays must be an object`);
  const lists = value as Readonly<Record<string, unknown>>;
  const given = layout.filter(({ name }) => name in lists);
  return Object.fromEntries(given.map((entry) => [entry.name, readArray(lists[entry.name], entry, place)]));
}

function readArray(list: unknown, layout: ArrayLayout, place: string): TokenArray {
  const { name, dtype } = layout;
  const length = elementsOf(layout);
  if (!Array.isArray(list)) throw new InputError(`${place}: ${name} must be a list`);
  if (list.length !== length) {
    throw new InputError(`${place}: ${name} has ${list.length} numbers; it must have ${length}`);
  }
  const array = new ARRAY_CLASSES[dtype](length);
  for (let at = 0; at < length; at++) {
    const value: unknown = list[at];
    if (typeof value === 'number') array[at] = value;
    if (array[at] !== value) {
      throw new InputError(`${place}: ${name}${placeOf(layout, at)} is ${JSON.stringify(value)}; it must be ${dtype}`);
    }
  }
  return array;
}
