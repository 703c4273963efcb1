/** Files and folders that exist only during a call. One list holds all of them. */
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentError } from '../errors.js';

const kept = new Set<string>();

/** Remembers a file or folder that was made, until {@link forgetScratch} or {@link removeScratch}. */
export function keepScratch(path: string): void {
  kept.add(path);
}

/** Removes a path from the list after it has become a real output. */
export function forgetScratch(path: string): void {
  kept.delete(path);
}

/** Makes an empty folder whose name begins with `prefix`. Throws what the file system throws. */
export async function makeScratchFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(prefix);
  kept.add(folder);
  return folder;
}

/**
 * Makes an empty folder in the system's folder for temporary files.
 *
 * @throws EnvironmentError if that cannot be written
 */
export async function makeTemporaryFolder(): Promise<string> {
  try {
    return await makeScratchFolder(join(tmpdir(), 'tessera-'));
  } catch (error) {
    throw describeTemporaryError(error);
  }
}

/** Converts a file system error from writing below the system's temporary folder to a tessera error. */
export function describeTemporaryError(error: unknown): EnvironmentError {
  const code = (error as NodeJS.ErrnoException).code;
  const reason =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'the disk is full; free some space'
      : `${error instanceof Error ? error.message : String(error)};`;
  return new EnvironmentError(`cannot keep temporary data in ${tmpdir()}: ${reason} or set TMPDIR to another folder`, {
    cause: error,
  });
}

/** Removes a file or folder, if it is still there. */
export async function removeScratch(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  kept.delete(path);
}

/** Removes all remaining files and folders, synchronously, for a program that is about to end. */
export function removeAllScratch(): void {
  for (const path of kept) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // If something cannot be removed, the program must still end.
    }
  }
  kept.clear();
}
