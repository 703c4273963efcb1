import { mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { throwIfCancelled } from '../../src/errors.js';
import { describeWriteError } from '../../src/io/temporary-file.js';

/** A file of a report: its path in the report's folder, with `/`, and what it holds. */
export interface ReportFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

/**
 * Writes files into a folder, which is made if need be. All are written under a temporary name first: nobody sees half a
 * report, and what fails leaves the folder as it was. Files of the same names are replaced.
 *
 * @returns paths of the files, in their order.
 * @throws InputError or EnvironmentError if the folder cannot be written; CancelledError. Nothing is left then.
 */
export async function stageFiles(
  folder: string,
  files: readonly ReportFile[],
  signal?: AbortSignal,
): Promise<string[]> {
  const made = await makeFolder(folder);
  let temporary: string | null = null;
  try {
    temporary = await mkdtemp(join(folder, '.report-')).catch((error: unknown) => {
      throw describeWriteError(error, join(folder, files[0]?.path ?? ''));
    });
    for (const [index, { path, content }] of files.entries()) {
      throwIfCancelled(signal);
      await writeFile(join(temporary, String(index)), content).catch((error: unknown) => {
        throw describeWriteError(error, join(folder, path));
      });
    }
    for (const [index, { path }] of files.entries()) {
      const target = join(folder, path);
      try {
        await mkdir(dirname(target), { recursive: true });
        await rename(join(temporary, String(index)), target);
      } catch (error) {
        throw describeWriteError(error, target);
      }
    }
    return files.map(({ path }) => join(folder, path));
  } finally {
    if (temporary !== null) await rm(temporary, { recursive: true, force: true });
    await removeIfEmpty(made);
  }
}

/** Makes the folder and those above it; returns those that were not there, the innermost first. */
async function makeFolder(folder: string): Promise<string[]> {
  const first = await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw describeWriteError(error, folder);
  });
  const made: string[] = [];
  if (first === undefined) return made;
  for (let at = resolve(folder); at !== dirname(resolve(first)); at = dirname(at)) made.push(at);
  return made;
}

async function removeIfEmpty(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => null);
    if (names?.length === 0) await rmdir(folder).catch(() => undefined);
  }
}
