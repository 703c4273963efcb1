import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { EnvironmentError, InputError } from '../errors.js';

/** A file as a `ByteSource`; close it, or hold it with `await using`. */
export interface FileSource extends AsyncDisposable {
  /** Number of bytes. */
  readonly size: number;
  /** Reads `length` bytes from `offset` on; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Closes the file; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a file for reading.
 *
 * @throws InputError if it does not exist or is not a regular file; EnvironmentError if the system refuses it.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw explain(error, path);
  }
  try {
    const stats = await handle.stat();
    if (stats.isDirectory()) throw new InputError(`${path} is a folder: name a file`);
    if (!stats.isFile()) throw new InputError(`${path} is not a regular file; pipe it in as "-" instead`);
    const close = (): Promise<void> => handle.close();
    return {
      size: stats.size,
      read: (offset, length) => readFully(handle, path, offset, length),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function readFully(handle: FileHandle, path: string, offset: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  let filled = 0;
  try {
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw explain(error, path);
  }
  return buffer.subarray(0, filled);
}

function explain(error: unknown, path: string): InputError | EnvironmentError {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);
  if (code === 'ENOENT' || code === 'ENOTDIR') return new InputError(`${path} does not exist`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM') {
    return new EnvironmentError(`${path} cannot be read: no permission; check its permissions`, { cause: error });
  }
  return new EnvironmentError(`${path} cannot be read: ${code}`, { cause: error });
}
