import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sortNaturally } from '../../src/video/in/images.js';

/** Whether a path is a pattern. */
export function isGlob(path: string): boolean {
  return /[*?]/.test(path);
}

/**
 * Files that fit a pattern, sorted: `*` and `?` stand for characters of a name, `**` for any folders. Names that begin
 * with a dot are passed over.
 */
export async function expandGlob(pattern: string): Promise<string[]> {
  const parts = pattern.split(/[/\\]+/);
  const [root, rest] = parts[0] === '' ? ['/', parts.slice(1)] : ['', parts];
  return sortNaturally([...new Set(await walk(root, rest))]);
}

async function walk(folder: string, [part, ...rest]: readonly string[]): Promise<string[]> {
  if (part === undefined) return [];
  const isLast = rest.length === 0;
  if (!isGlob(part) && !isLast) return await walk(join(folder, part), rest);
  const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true }).catch(() => []);
  const found = part === '**' ? await walk(folder, rest) : [];
  const wanted = nameExpression(part);
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    // Links may point to either.
    const isFolder = entry.isDirectory() || entry.isSymbolicLink();
    if (part === '**') {
      if (entry.isDirectory()) found.push(...(await walk(path, ['**', ...rest])));
    } else if (wanted.test(entry.name)) {
      if (isLast) found.push(path);
      else if (isFolder) found.push(...(await walk(path, rest)));
    }
  }
  return found;
}

function nameExpression(part: string): RegExp {
  const escaped = part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}
