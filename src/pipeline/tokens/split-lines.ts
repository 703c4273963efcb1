import { InputError } from '../../errors.js';

/** One line of a text, counted from 1. */
export interface TextLine {
  readonly number: number;
  readonly text: string;
}

/**
 * Yields the lines of a UTF-8 text that comes in pieces. The last line may have no line feed.
 *
 * @param limit returns the largest number of bytes of a line; called for each line.
 * @param name of the text, for messages.
 * @throws InputError if a line is longer.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  limit: () => number,
  name: string,
): AsyncGenerator<TextLine, void, undefined> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    length += part.length;
    if (length > limit()) throw new InputError(`${name} line ${number} is too long for a line of a token file`);
  };
  const take = (): TextLine => {
    const line = { number: number++, text: Buffer.concat(parts).toString('utf8') };
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, end));
      from = end + 1;
      yield take();
    }
    if (from < chunk.length) add(chunk.subarray(from));
  }
  if (length > 0) yield take();
}
