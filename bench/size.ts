import { InputError } from '../src/errors.js';

const LIMIT = 16384;

/** A size from `640x360`. Throws InputError if it is none that encoders take. */
export function parseSize(text: string): { width: number; height: number } {
  const match = /^(\d{1,5})x(\d{1,5})$/.exec(text.trim());
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  const fits = (side: number): boolean => side >= 2 && side <= LIMIT && side % 2 === 0;
  if (fits(width) && fits(height)) return { width, height };
  throw new InputError(`the size is '${text}': write even numbers of samples, such as 640x360`);
}
