import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { InputError } from '../errors.js';

/** Folders below which a worker may read. */
export class Roots {
  readonly #folders: readonly string[];

  private constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  /** @throws InputError if there is no such folder. */
  static async of(folders: readonly string[]): Promise<Roots> {
    const real = folders.map(async (folder) => {
      try {
        return await realpath(folder);
      } catch {
        throw new InputError(`the root ${folder} does not exist`);
      }
    });
    return new Roots(await Promise.all(real));
  }

  /**
   * Returns the path that a path leads to, over all symbolic links.
   *
   * @throws InputError if it lies outside of all roots, or does not exist.
   */
  async resolve(path: string): Promise<string> {
    if (!isAbsolute(path)) throw new InputError(`${path} is not an absolute path`);
    const real = await realpath(path).catch(() => null);
    if (real === null) {
      // Tells nothing about files outside.
      if (this.#holds(path)) throw new InputError(`${path} cannot be read on this worker`);
    } else if (this.#holds(real)) {
      return real;
    }
    throw new InputError(`${path} lies outside of the folders that this worker may read (--root)`);
  }

  #holds(path: string): boolean {
    return this.#folders.some((folder) => {
      const way = relative(folder, path);
      return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
    });
  }
}
