import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { EnvironmentError, ModelError } from '../../errors.js';
import { parseManifest } from '../../model/manifest.js';
import { MANIFEST, MAX_MANIFEST_BYTES } from '../../model/pack.js';
import { findPack } from '../../platform/packs.js';
import { packageFolder } from '../../platform/node/package-folder.js';
import type { FindFile, Served } from './file-server.js';

/** Returns the address of a stream below that of the server. */
export function addressOf(stream: Served): string {
  return `video/${encodeURIComponent(typeof stream === 'string' ? basename(stream) : 'stdin.tsr')}`;
}

/** A model pack that the player's server has under a name. */
export interface NamedPack {
  readonly name: string;
  readonly folder: string;
}

/**
 * Returns what the player's server has: the page and its scripts (`dist/player`), one stream, its model pack, and the
 * other packs of this machine. Nothing else on the disk has an address.
 *
 * @throws EnvironmentError if the player is not built.
 */
export async function findPlayerFiles(stream: Served, pack: NamedPack): Promise<FindFile> {
  const folder = join(packageFolder() ?? '', 'dist', 'player');
  if (!existsSync(join(folder, 'index.html'))) {
    throw new EnvironmentError(`${folder} has no player: run npm run build`);
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Map<string, Served>(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [`/${relative(folder, path).split(sep).join('/')}`, path]),
  );
  files.set('/', join(folder, 'index.html'));
  files.set(`/${decodeURIComponent(addressOf(stream))}`, stream);
  // Packs are those that the other commands find, not the copy in the folder.
  return async (path) => (path.startsWith('/packs/') ? await findPackFile(path, pack) : (files.get(path) ?? null));
}

/** `/packs/NAME/FILE`, for the files that the manifest of the pack names. */
async function findPackFile(path: string, own: NamedPack): Promise<string | null> {
  const [, name, file] = /^\/packs\/([a-z0-9]+(?:-[a-z0-9]+)*)\/(.+)$/.exec(path) ?? [];
  if (name === undefined || file === undefined) return null;
  try {
    const { folder, read } = findPack(name === own.name ? own.folder : name);
    const manifest = parseManifest(new TextDecoder().decode(await read(MANIFEST, MAX_MANIFEST_BYTES)), folder);
    const names = [MANIFEST, ...Object.values(manifest.files).map((entry) => entry?.path)];
    return names.includes(file) ? join(folder, file) : null;
  } catch (error) {
    if (error instanceof ModelError) return null;
    throw error;
  }
}
