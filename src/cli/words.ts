import { PIPE } from './standard-streams.js';

/**
 * The words of the command line as yargs wants them. `-` becomes the name of a pipe. `--` goes: yargs does not take what
 * stands behind it for a command's arguments. A name behind it that begins with `-` becomes a path in this folder.
 */
export function wordsOf(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const before = end < 0 ? words : words.slice(0, end);
  const behind = end < 0 ? [] : words.slice(end + 1);
  const named = behind.map((word) => (word.startsWith('-') && word !== '-' ? `./${word}` : word));
  return [...before, ...named].map((word) => (word === '-' ? PIPE : word));
}
