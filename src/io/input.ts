/** Inputs that a caller can name: a local file, an address, or a named pipe. */
import { constants, existsSync, open } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CancelledError, EnvironmentError, InputError } from '../errors.js';

// Not a FileHandle: a socket closes its descriptor itself.
const openDescriptor = promisify(open);

/**
 * Finds out what an input is.
 *
 * @param input path of a file or folder, its `file://` URL, or bytes
 * @returns the path of a file or folder; or bytes, for bytes and for the path of a pipe (a FIFO, or the `/dev/fd/63`
 * that a shell makes from `<(command)`). A pipe can be read only once. Its bytes end with a CancelledError when
 * `signal` fires.
 * @throws InputError if the input is an address in a network; EnvironmentError if a pipe cannot be opened
 */
export async function resolveInput(
  input: string | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<string | AsyncIterable<Uint8Array>> {
  if (typeof input !== 'string') return input;
  const path = localPath(input);
  const entry = await stat(path).catch(() => null);
  return entry?.isFIFO() === true ? await readNamedPipe(path, signal) : path;
}

function localPath(input: string): string {
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(input)?.[1]?.toLowerCase();
  if (scheme === undefined || existsSync(input)) return input;
  if (scheme === 'file') {
    try {
      return fileURLToPath(input);
    } catch (error) {
      throw new InputError(`${input} names no local file: ${(error as Error).message}`, { cause: error });
    }
  }
  const remedy = /^(https?|ftps?)$/.test(scheme)
    ? `pipe it in, with - as the input: curl -L '${input}' | tessera compress - out.tsr`
    : 'save it to a file first, or pipe it in with - as the input';
  throw new InputError(`tessera reads local files, not ${scheme}:// addresses; ${remedy}`);
}

/**
 * Yields the bytes of a pipe. It is opened without waiting for a writer and read by the event loop. A thread that waits
 * in the system's open() or read() could not be stopped, and the program could not end.
 */
async function readNamedPipe(path: string, signal: AbortSignal | undefined): Promise<AsyncIterable<Uint8Array>> {
  const descriptor = await openDescriptor(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => {
    throw new EnvironmentError(`cannot read the pipe ${path}: ${(error as Error).message}`, { cause: error });
  });
  const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
  const cancel = (): void => void pipe.destroy(new CancelledError());
  if (signal?.aborted === true) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  pipe.once('close', () => signal?.removeEventListener('abort', cancel));
  return pipe;
}
