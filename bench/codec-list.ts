import { InputError } from '../src/errors.js';

/** A codec as it was asked for. */
export interface CodecRequest {
  /** Such as `x264:medium,bf=0`. */
  readonly name: string;
  /** Points of the curve; null: those of the codec. */
  readonly settings: readonly number[] | null;
}

/**
 * Reads codecs as a command line writes them, with commas between them: `x264:medium,bf=0@18,22,tessera-nano`. What
 * stands behind `@` are settings; a part that is a number belongs to the settings before it, one with `=` and neither colon
 * nor `+` before that to the options before it.
 *
 * @param lists one or more such lists.
 * @throws InputError if that makes no sense, or a codec is named twice.
 */
export function parseCodecList(lists: readonly string[]): CodecRequest[] {
  const codecs: string[] = [];
  for (const part of lists.flatMap((list) => list.split(',').map((text) => text.trim()))) {
    const last = codecs.at(-1);
    if (part === '') continue;
    if (last !== undefined && belongsToLast(part, last)) codecs[codecs.length - 1] = `${last},${part}`;
    else codecs.push(part);
  }
  if (codecs.length === 0) throw new InputError('there is no codec: name one, such as x264:medium');
  const requests = codecs.map(parseOne);
  const twice = requests.find(({ name }, index) => requests.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) throw new InputError(`the codec ${twice.name} is named twice`);
  return requests;
}

/** How {@link parseCodecList} would read it back. */
export function formatCodec(name: string, settings: readonly number[]): string {
  return `${name}@${settings.join(',')}`;
}

function belongsToLast(part: string, last: string): boolean {
  if (isNumber(part)) return last.includes('@');
  const equals = part.indexOf('=');
  return equals > 0 && !/[:+]/.test(part.slice(0, equals)) && !/^\.{0,2}[/\\]/.test(part);
}

function parseOne(text: string): CodecRequest {
  const at = text.lastIndexOf('@');
  if (at < 0) return { name: text, settings: null };
  const parts = text.slice(at + 1).split(',');
  if (at === 0 || !parts.every(isNumber)) {
    throw new InputError(`cannot read the codec '${text}': write settings as numbers, such as x264:medium@18,22,26`);
  }
  return { name: text.slice(0, at), settings: [...new Set(parts.map(Number))] };
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}
