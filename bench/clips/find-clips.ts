import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { InputError, throwIfCancelled } from '../../src/errors.js';
import { sortNaturally } from '../../src/video/in/images.js';
import { expandGlob, isGlob } from './glob.js';

const VIDEOS = ['.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpg', '.mxf', '.ts', '.webm', '.y4m'];
const DESCRIPTION = '.json';
const PICTURES = ['.avif', '.gif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'];

/** A clip that was found: a video file, the description of a raw one, or a folder of pictures. */
export interface FoundClip {
  /** Its file's name without extension; with a number behind it where two have the same. */
  readonly name: string;
  /** Path as it was given, or found in a folder that was given. */
  readonly file: string;
}

/**
 * Finds clips: files as they are given; all videos (and JSON descriptions) of a folder, or the folder itself if it has
 * only pictures; whatever fits a pattern.
 *
 * @throws InputError if something is not there or holds no clip.
 */
export async function findClips(places: readonly string[]): Promise<FoundClip[]> {
  const files: string[] = [];
  for (const place of places) files.push(...(await findIn(place)));
  if (files.length === 0) throw new InputError('there is no clip: name video files, folders or patterns (clips/*.mkv)');
  const counts = new Map<string, number>();
  return [...new Set(files)].map((file) => {
    const plain = basename(file, isVideo(file) ? extname(file) : '') || 'clip';
    const count = (counts.get(plain) ?? 0) + 1;
    counts.set(plain, count);
    return { name: count === 1 ? plain : `${plain}-${count}`, file };
  });
}

async function findIn(place: string): Promise<string[]> {
  const entry = await stat(place).catch(() => null);
  if (entry === null && isGlob(place)) {
    const found = await expandGlob(place);
    if (found.length === 0) throw new InputError(`no file fits ${place}`);
    return (await Promise.all(found.map(findIn))).flat();
  }
  if (entry === null) throw new InputError(`${place} does not exist`);
  if (!entry.isDirectory()) return [place];
  const names = sortNaturally(await readdir(place)).filter((name) => !name.startsWith('.'));
  const videos = names.filter(isVideo);
  if (videos.length > 0) return videos.map((name) => join(place, name));
  if (names.some((name) => PICTURES.includes(extname(name).toLowerCase()))) return [place];
  throw new InputError(`the folder ${place} holds no videos (${VIDEOS.join(', ')}) and no pictures`);
}

function isVideo(name: string): boolean {
  const extension = extname(name).toLowerCase();
  return VIDEOS.includes(extension) || extension === DESCRIPTION;
}

/** Whether a clip is the description of a raw video. */
export function isDescription(file: string): boolean {
  return extname(file).toLowerCase() === DESCRIPTION;
}

/** SHA-256 of files one after another, hexadecimal. Throws InputError if one cannot be read, CancelledError. */
export async function hashFiles(files: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    try {
      for await (const chunk of createReadStream(file)) {
        throwIfCancelled(signal);
        hash.update(chunk as Buffer);
      }
    } catch (error) {
      throwIfCancelled(signal);
      throw new InputError(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
    }
  }
  return hash.digest('hex');
}

/** The files that a clip consists of: those of a folder of pictures, else the file itself. */
export async function filesOf(file: string): Promise<string[]> {
  const entry = await stat(file);
  if (!entry.isDirectory()) return [file];
  const names = await readdir(file);
  return sortNaturally(names.filter((name) => PICTURES.includes(extname(name).toLowerCase()))).map((name) =>
    join(file, name),
  );
}
