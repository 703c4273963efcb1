import { randomBytes } from 'node:crypto';
import { open, readlink, rename, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { EnvironmentError, InputError } from '../errors.js';
import { forgetScratch, keepScratch, removeScratch } from './scratch.js';

/** The number of links that Linux follows. */
const LINK_LIMIT = 40;

/** The options of {@link createTemporaryFile}. */
export interface TemporaryFileOptions {
  /** True to replace an existing file. */
  readonly overwrite?: boolean;
  /** Files that are read while this one is written: none of them may be the target. */
  readonly inputs?: readonly string[];
}

/**
 * A file under a temporary name in the folder of its target. Disposing it without {@link TemporaryFile.commit} removes
 * it.
 */
export interface TemporaryFile extends AsyncDisposable {
  /** Where to write. */
  readonly path: string;
  /** The final path. */
  readonly target: string;
  /**
   * Gives the file its real name.
   *
   * @throws EnvironmentError if that fails
   */
  commit(): Promise<void>;
}

/**
 * Creates an empty file in the folder of `target`, to be written and then renamed. So no program ever sees half a file.
 * If `target` is a symbolic link, the link stays and its target is written. A target that is a device or pipe is
 * written directly.
 *
 * @throws InputError if the target is one of the inputs, exists already (without `overwrite`), is a folder, or its
 * folder does not exist; EnvironmentError if its folder cannot be written
 */
export async function createTemporaryFile(target: string, options: TemporaryFileOptions = {}): Promise<TemporaryFile> {
  const existing = await stat(target).catch(() => null);
  await refuseInputs(target, options.inputs ?? []);
  if (existing?.isDirectory() === true) throw new InputError(`${target} is a folder; name a file`);
  if (existing !== null && !existing.isFile()) {
    return { path: target, target, commit: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  if (existing !== null && options.overwrite !== true) {
    throw new InputError(`${target} exists already; use -y (overwrite) to replace it`);
  }
  const place = await followLinks(target);
  const extension = extname(place);
  const name = `.${basename(place, extension)}.${randomBytes(4).toString('hex')}.part${extension}`;
  const path = join(dirname(place), name);
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    throw describeWriteError(error, place);
  }
  keepScratch(path);
  let committed = false;
  return {
    path,
    target,
    commit: async () => {
      try {
        await rename(path, place);
        forgetScratch(path);
        committed = true;
      } catch (error) {
        throw describeWriteError(error, target);
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (!committed) await removeScratch(path);
    },
  };
}

/** Returns the final target of a symbolic link, which need not exist. Returns any other path unchanged. */
async function followLinks(path: string): Promise<string> {
  let place = path;
  for (let count = 0; count < LINK_LIMIT; count++) {
    const next = await readlink(place).catch(() => null);
    if (next === null) return place;
    place = resolve(dirname(place), next);
  }
  throw new InputError(`cannot write ${path}: its symbolic links lead back to themselves`);
}

/**
 * Writes chunks to `target` under a temporary name, then renames the file.
 *
 * @returns number of bytes written
 * @throws as {@link createTemporaryFile}; EnvironmentError if the disk is full; whatever `chunks` throws. Nothing is
 * left behind then.
 */
export async function writeFileSafely(
  target: string,
  chunks: AsyncIterable<Uint8Array>,
  options: TemporaryFileOptions = {},
): Promise<number> {
  await using file = await createTemporaryFile(target, options);
  const handle = await open(file.path, 'w').catch((error: unknown) => {
    throw describeWriteError(error, target);
  });
  let byteLength = 0;
  try {
    for await (const chunk of chunks) {
      await handle.writeFile(chunk).catch((error: unknown) => {
        throw describeWriteError(error, target);
      });
      byteLength += chunk.length;
    }
  } finally {
    await handle.close();
  }
  await file.commit();
  return byteLength;
}

/**
 * Refuses a target that exists.
 *
 * @throws InputError
 */
export async function refuseExisting(target: string): Promise<void> {
  if ((await stat(target).catch(() => null)) === null) return;
  throw new InputError(`${target} exists already; use -y (overwrite) to replace it`);
}

/**
 * Refuses a target that is one of the files being read, even under another name (links, relative paths).
 *
 * @throws InputError
 */
export async function refuseInputs(target: string, inputs: readonly string[]): Promise<void> {
  const existing = await stat(target, { bigint: true }).catch(() => null);
  for (const input of inputs) {
    const read = await stat(input, { bigint: true }).catch(() => null);
    if (existing === null || read === null) continue;
    // stat follows links; device and inode name the file itself.
    if (existing.isFile() && existing.dev === read.dev && existing.ino === read.ino) {
      throw new InputError(`${target} is the input itself; give the output another name`);
    }
  }
}

/** Converts a file system error from writing `target` to a tessera error. */
export function describeWriteError(error: unknown, target: string): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') {
    return new InputError(`cannot write ${target}: the folder ${dirname(target)} does not exist`, { cause: error });
  }
  if (code === 'ENOTDIR') {
    return new InputError(`cannot write ${target}: ${dirname(target)} is not a folder`, { cause: error });
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new EnvironmentError(`cannot write ${target}: the disk is full; free some space and try again`, {
      cause: error,
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new EnvironmentError(`cannot write ${target}: no permission to write in ${dirname(target)}`, {
      cause: error,
    });
  }
  return new EnvironmentError(`cannot write ${target}: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
}
