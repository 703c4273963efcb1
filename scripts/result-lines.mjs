// Results of scripts that measure for hours: one line of JSON each, so that a run that was stopped goes on.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Opens a file of results, which need not exist. Each line has a `key`. */
export function openResults(path) {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  const known = new Set(lines.map((line) => JSON.parse(line).key));
  return {
    has: (key) => known.has(key),
    /** Appends a line, and prints it. */
    write: (line) => {
      appendFileSync(path, `${JSON.stringify(line)}\n`);
      console.log(JSON.stringify(line));
    },
  };
}
