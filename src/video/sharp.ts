import type sharp from 'sharp';
import { EnvironmentError } from '../errors.js';

/**
 * Loads sharp at its first use: most programs read and write no pictures.
 *
 * @throws EnvironmentError if the native library does not load
 */
export async function loadSharp(): Promise<typeof sharp> {
  try {
    const { default: loaded } = await import('sharp');
    // sharp keeps the last file's bytes in a cache by path, which would return the old picture after a file was
    // replaced.
    loaded.cache(false);
    return loaded;
  } catch (error) {
    throw new EnvironmentError(
      `sharp, which reads and writes pictures, cannot be loaded on ${process.platform}-${process.arch}: install the package sharp again`,
      { cause: error },
    );
  }
}
