import { PIPE } from './standard-streams.js';

/**
 * Returns the words of the command line in the form for yargs. `-` becomes the name of a pipe. `--` is removed, because
 * yargs does not use the words after it as arguments of a command. A name after it that starts with `-` becomes a path
 * in this folder.
 */
export function wordsOf(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  const before = end < 0 ? words : words.slice(0, end);
  const behind = end < 0 ? [] : words.slice(end + 1);
  const named = behind.map((word) => (word.startsWith('-') && word !== '-' ? `./${word}` : word));
  return [...before, ...named].map((word) => (word === '-' ? PIPE : word));
}
