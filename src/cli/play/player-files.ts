import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { EnvironmentError, ModelError } from '../../errors.js';
import { findPack } from '../../platform/packs.js';
import { packageFolder } from '../../platform/node/package-folder.js';
import type { FindFile } from './file-server.js';

/** A manifest has a few kilobytes. */
const MANIFEST_BYTES_LIMIT = 1 << 20;

/** Returns the address of a stream below that of the server. */
export function addressOf(stream: string): string {
  return `video/${encodeURIComponent(basename(stream))}`;
}

/**
 * Returns what the player's server has: the page and its scripts (`dist/player`), the model packs of this machine, and
 * one stream. Nothing else on the disk has an address.
 *
 * @throws EnvironmentError if the player is not built.
 */
export async function findPlayerFiles(stream: string): Promise<FindFile> {
  const folder = join(packageFolder() ?? '', 'dist', 'player');
  if (!existsSync(join(folder, 'index.html'))) {
    throw new EnvironmentError(`${folder} has no player: run npm run build`);
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [`/${relative(folder, path).split(sep).join('/')}`, path]),
  );
  files.set('/', join(folder, 'index.html'));
  files.set(`/${decodeURIComponent(addressOf(stream))}`, stream);
  return async (path) => files.get(path) ?? (await findPackFile(path));
}

/** `/packs/NAME/FILE`, for the files that the manifest of the pack names. */
async function findPackFile(path: string): Promise<string | null> {
  const [, name, file] = /^\/packs\/([a-z0-9]+(?:-[a-z0-9]+)*)\/(.+)$/.exec(path) ?? [];
  if (name === undefined || file === undefined) return null;
  try {
    const { folder, read } = findPack(name);
    const manifest = JSON.parse(new TextDecoder().decode(await read('manifest.json', MANIFEST_BYTES_LIMIT))) as {
      readonly files?: Readonly<Record<string, { readonly path?: string }>>;
    };
    const names = ['manifest.json', ...Object.values(manifest.files ?? {}).map((entry) => entry.path)];
    return names.includes(file) && !file.split('/').includes('..') ? join(folder, file) : null;
  } catch (error) {
    if (error instanceof ModelError || error instanceof SyntaxError) return null;
    throw error;
  }
}
