import { readFile, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import sharp from 'sharp';
import { InputError, throwIfCancelled } from '../../src/errors.js';
import type { Results } from '../results.js';
import { planPictures, type PictureGroup, type PlannedPicture } from './picture-plan.js';
import type { PagePicture, PagePictures } from './shared/page-data.js';

/** Bytes of all pictures in a page, as text, where the caller says nothing. */
export const PICTURE_BUDGET = 24_000_000;

/** Quality of WebP whose own loss is below that of the codecs shown. */
const LOSSY_QUALITY = 92;

const ADDRESS_HEAD = 'data:image/webp;base64,';

/** Options of {@link embedPictures}. */
export interface EmbedOptions {
  /** Folder from which the results name their pictures. */
  readonly folder: string;
  /** Bytes of text at most; 0: no pictures. */
  readonly budget?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes a run's pictures into a page: all of them lossless if the budget allows it, else as lossy WebP, the most wanted
 * groups first.
 *
 * @throws InputError if a picture is missing, is no picture, or lies outside the folder; CancelledError.
 */
export async function embedPictures(results: Results, options: EmbedOptions): Promise<PagePictures> {
  const { folder, budget = PICTURE_BUDGET, signal } = options;
  const groups = planPictures(results);
  const planned = new Map(groups.flatMap(({ pictures }) => pictures).map((picture) => [picture.file, picture]));
  if (planned.size === 0) return { pictures: [], rates: [], note: 'This run kept no pictures.' };
  if (budget === 0) return { pictures: [], rates: [], note: 'The report was made without pictures.' };
  const paths = new Map([...planned.keys()].map((file) => [file, locate(folder, file)]));
  let wholeSize = 0;
  for (const [file, path] of paths) wholeSize += addressLength(await sizeOf(path, file));
  const isLossless = wholeSize <= budget;
  const made = new Map<string, PagePicture>();
  let [size, shown] = [0, 0];
  const rates = results.clips.map(() => new Set<number>());
  for (const group of groups) {
    throwIfCancelled(signal);
    const fresh = await Promise.all(
      group.pictures
        .filter(({ file }) => !made.has(file))
        .map(async (picture) => ({ picture, source: await toSource(paths.get(picture.file)!, picture, isLossless) })),
    );
    const more = fresh.reduce((sum, { source }) => sum + source.length, 0);
    if (size + more > budget) continue;
    size += more;
    shown++;
    rates[group.clip]!.add(group.rate);
    for (const { picture, source } of fresh) made.set(picture.file, pagePicture(picture, source));
  }
  return {
    pictures: [...made.values()],
    rates: rates.map((some) => [...some].sort((a, b) => a - b)),
    note: noteOf(groups, shown, isLossless, budget),
  };
}

function noteOf(groups: readonly PictureGroup[], shown: number, isLossless: boolean, budget: number): string {
  const kind = isLossless
    ? 'Pictures are lossless.'
    : `Pictures are WebP of quality ${LOSSY_QUALITY}; the lossless pictures are in the folder of the results.`;
  if (shown === groups.length) return kind;
  return `${kind} ${shown} of ${groups.length} frames and rates fit into ${(budget / 1e6).toFixed(0)} MB.`;
}

function pagePicture({ clip, codec, setting, frame }: PlannedPicture, source: string): PagePicture {
  return { clip, codec, setting, frame, source };
}

async function toSource(path: string, { file }: PlannedPicture, isLossless: boolean): Promise<string> {
  try {
    const bytes = isLossless
      ? await readFile(path)
      : await sharp(path).webp({ quality: LOSSY_QUALITY, effort: 2 }).toBuffer();
    return `${ADDRESS_HEAD}${Buffer.from(bytes).toString('base64')}`;
  } catch (error) {
    throw new InputError(`picture ${file} cannot be read: ${(error as Error).message.split('\n')[0]!}`, {
      cause: error,
    });
  }
}

async function sizeOf(path: string, file: string): Promise<number> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() === true) return found.size;
  throw new InputError(`picture ${file} of the results is missing; --no-pictures makes a report without them`);
}

/**
 * Returns the path of a picture. Results may come from an unknown source, so paths outside their own folder are
 * refused.
 */
function locate(folder: string, file: string): string {
  const root = resolve(folder);
  const path = resolve(root, file);
  if (path.startsWith(root.endsWith(sep) ? root : root + sep)) return path;
  throw new InputError(`picture ${file} of the results lies outside their folder`);
}

/** Returns the length in characters of a `data:` address for a number of bytes. */
function addressLength(bytes: number): number {
  return ADDRESS_HEAD.length + Math.ceil(bytes / 3) * 4;
}
