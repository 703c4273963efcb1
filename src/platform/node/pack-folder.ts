import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ModelError } from '../../errors.js';
import type { PackFiles } from '../contract.js';
import { packageFolder } from './package-folder.js';

/**
 * Finds a pack. A path (with a separator, or an existing folder) is used directly; a name is searched in
 * {@link packPlaces}.
 *
 * @throws ModelError if there is no such pack.
 */
export function findPack(nameOrPath: string): PackFiles {
  const folder = findFolder(nameOrPath);
  return { folder, read: (path, maxBytes) => readLimited(join(folder, path), maxBytes) };
}

/**
 * Returns the folders in which packs are searched by name, in this order: the folders of the environment variable
 * `TESSERA_PACK_PATH`, the package's own `codecs/`, the user's cache (`$XDG_CACHE_HOME/tessera/packs`, by default
 * `~/.cache/tessera/packs`).
 */
export function packPlaces(): string[] {
  const own = packageFolder();
  const cache = process.env['XDG_CACHE_HOME'] ?? '';
  return [
    ...(process.env['TESSERA_PACK_PATH'] ?? '').split(delimiter).filter((place) => place !== ''),
    ...(own === undefined ? [] : [join(own, 'codecs')]),
    join(cache === '' ? join(homedir(), '.cache') : cache, 'tessera', 'packs'),
  ];
}

function findFolder(nameOrPath: string): string {
  const isPack = (folder: string): boolean => existsSync(join(folder, 'manifest.json'));
  if (/[/\\]/.test(nameOrPath) || isPack(nameOrPath)) {
    const folder = resolve(nameOrPath);
    if (isPack(folder)) return folder;
    throw new ModelError(`${folder} is not a model pack (it has no manifest.json): name the folder of a pack`);
  }
  const places = packPlaces();
  const found = places.map((place) => join(place, nameOrPath)).find(isPack);
  if (found !== undefined) return found;
  throw new ModelError(
    `there is no model pack '${nameOrPath}' in ${places.join(', ')}: ` +
      'give the path of its folder, or name the folder above it in TESSERA_PACK_PATH',
  );
}

async function readLimited(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size <= maxBytes) return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelError(`cannot read ${path} of the model pack (${reason}): get the pack again`, { cause: error });
  }
  throw new ModelError(`${path} is larger than the ${maxBytes} bytes it may have: get the pack again`);
}
