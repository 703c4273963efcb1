import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWriteError } from '../src/io/temporary-file.js';

/** Folder of the pictures within that of the results. */
export const PICTURES_FOLDER = 'pictures';

/** Numbers of `count` frames that are spread over a clip, first and last among them; the middle one if it is one. */
export function pickFrames(frames: number, count: number): number[] {
  if (count === 0) return [];
  if (count === 1) return [frames >> 1];
  const spread = Array.from({ length: count }, (_, index) => Math.round((index * (frames - 1)) / (count - 1)));
  return [...new Set(spread)];
}

/**
 * Path of a picture from the folder of the results, with `/`; its folder is made.
 *
 * @param names of the folders it lies in; characters that file systems dislike are replaced.
 * @throws EnvironmentError if the folder cannot be made.
 */
export async function picturePath(folder: string, names: readonly string[], frame: number): Promise<string> {
  const parts = [PICTURES_FOLDER, ...names.map((name) => name.replace(/[^\w.=,@+-]+/g, '_').replace(/^\.+/, '_'))];
  const inner = join(folder, ...parts);
  await mkdir(inner, { recursive: true }).catch((error: unknown) => {
    throw describeWriteError(error, join(inner, 'picture'));
  });
  return [...parts, `${String(frame).padStart(5, '0')}.webp`].join('/');
}
