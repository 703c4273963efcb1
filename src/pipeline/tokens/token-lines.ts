import { z } from 'zod';
import { FORMAT_VERSION } from '../../bitstream/limits.js';
import { InputError } from '../../errors.js';
import type { TextLine } from './split-lines.js';
import type { ArrayLayout, NamedArrays } from '../../codec/token-arrays.js';
import type { TokenEnd, FrameRecord, TokenItem, TokenScene, TokenSource, TokenWords } from './token-source.js';

/** The largest size of a line without its arrays and the bytes of side data sections. */
export const LINE_LIMIT = 2 ** 20;

const count = z.int().min(0);
const ticks = z
  .union([z.string().regex(/^-?\d{1,20}$/, 'must be a whole number, as text'), z.int()])
  .transform((value) => BigInt(value));
const fraction = z.object({ num: z.int(), den: z.int() });
const slot = z.int().nullable();
const crc = z.int().min(0).max(0xffffffff).nullable();

const headSchema = z.object({
  type: z.literal('tokens'),
  version: z.literal(FORMAT_VERSION),
  family: z.string(),
  header: z.object({
    width: z.int(),
    height: z.int(),
    timeBase: fraction,
    frameRate: fraction,
    sampleAspect: fraction,
    rotation: z.literal([0, 90, 180, 270]),
    colour: z.object({
      primaries: z.int(),
      transfer: z.int(),
      matrix: z.int(),
      fullRange: z.boolean(),
      chromaLocation: z.int(),
    }),
    slotCount: z.int(),
    reorderDepth: z.int(),
    packName: z.string(),
    packId: z
      .string()
      .regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits')
      .transform((text) => new Uint8Array(Buffer.from(text, 'hex'))),
    isResilient: z.boolean().optional(),
  }),
  layout: z.array(
    z.object({ name: z.string(), dtype: z.enum(['uint8', 'int8', 'int16', 'uint32']), shape: z.array(count) }),
  ),
});

const lineSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('frame'),
    number: count,
    chunk: count,
    tokenGrid: count,
    kind: z.enum(['key', 'inter']),
    q: z.int(),
    referenceSlot0: slot,
    referenceSlot1: slot,
    refreshSlot: slot,
    variant: z.int(),
    hasQOffsets: z.boolean(),
    hasLoopFilter: z.boolean(),
    pts: ticks,
    duration: ticks,
    loopChecksum: crc,
    arrays: z.unknown(),
  }),
  z.object({ type: z.literal('side'), bytes: z.string() }),
  z.object({
    type: z.literal('words'),
    vocabularyEdition: count,
    vocabularyId: z
      .string()
      .regex(/^[0-9a-f]{16}$/, 'must be 16 hexadecimal digits')
      .transform((text) => new Uint8Array(Buffer.from(text, 'hex'))),
    isFromDecoded: z.boolean(),
  }),
  z.object({
    type: z.literal('scene'),
    durationMs: count,
    words: z.array(z.object({ node: count, confidence: count })),
  }),
  z.object({ type: z.literal('end'), frames: count, crc32c: crc }),
]);

/** The first line, without its line feed. */
export function headLine({ family, header, layout }: TokenSource): string {
  return toJson({ type: 'tokens', version: FORMAT_VERSION, family, header, layout });
}

/**
 * The line of a frame, without its line feed.
 *
 * @param arrays the value of `arrays` as JSON. It may be long, so it is not parsed again.
 */
export function frameLine({ arrays: _, ...frame }: FrameRecord, arrays: string): string {
  return `${toJson(frame).slice(0, -1)},"arrays":${arrays}}`;
}

/** Returns the line of a side data section, without its line feed; `bytes` is the text of its field `bytes`. */
export function sideLine(bytes: string): string {
  return toJson({ type: 'side', bytes });
}

/** The line of words or of a scene of them, without its line feed. */
export function wordsLine(words: TokenWords | TokenScene): string {
  return toJson(words);
}

/** The last line, without its line feed. */
export function endLine(end: TokenEnd): string {
  return toJson(end);
}

/** Reads the arrays and bytes that belong to the lines of a token file. */
export interface LineContents {
  /** The arrays that a frame's line gives or names. */
  arrays(value: unknown, place: string): NamedArrays | null | Promise<NamedArrays | null>;
  /** The bytes that a side section's line gives or names. */
  bytes(text: string, place: string): Uint8Array | Promise<Uint8Array>;
}

/**
 * Makes a source from the lines of a token file. Lines after the first are read when the caller asks for items.
 *
 * @param lines of at most {@link LINE_LIMIT} bytes.
 * @param name of the file, for messages; `text` is what messages call the lines.
 * @param contentsOf called once, after the first line is read.
 * @throws InputError if the first line is wrong. The items throw it if a later line is wrong.
 */
export async function readLines(
  lines: AsyncGenerator<TextLine, void, undefined>,
  name: string,
  text: string,
  contentsOf: (layout: readonly ArrayLayout[]) => LineContents,
): Promise<TokenSource> {
  try {
    const first = await lines.next();
    if (first.done === true) throw new InputError(`${text} is empty`);
    const { family, header, layout } = parse(headSchema, first.value.text, placeOf(text, first.value));
    return { name, family, header, layout, items: readItems(lines, text, contentsOf(layout)) };
  } catch (error) {
    await lines.return();
    throw error;
  }
}

async function* readItems(
  lines: AsyncIterable<TextLine>,
  text: string,
  contents: LineContents,
): AsyncGenerator<TokenItem, void, undefined> {
  let isEnded = false;
  for await (const line of lines) {
    const place = placeOf(text, line);
    if (isEnded) throw new InputError(`${place} comes after the line of type end, which must be the last`);
    const item = parse(lineSchema, line.text, place);
    if (item.type === 'frame') yield { ...item, arrays: await contents.arrays(item.arrays, place) };
    else if (item.type === 'side') yield { type: 'side', bytes: await contents.bytes(item.bytes, place) };
    else {
      isEnded = item.type === 'end';
      yield item;
    }
  }
  if (!isEnded) throw new InputError(`${text} is cut: the line of type end is missing; export the tokens again`);
}

function placeOf(text: string, { number }: TextLine): string {
  return `${text} line ${number}`;
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string, place: string): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${place} is not JSON: the file is cut or damaged; export the tokens again`, { cause: error });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new InputError(`${place}: ${issue.path.join('.') || 'the line'}: ${issue.message}`);
}

function toJson(value: object): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return String(part);
    return part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part;
  });
}
