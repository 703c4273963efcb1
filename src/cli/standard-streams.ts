import type { ByteSink } from '../bitstream/stream-writer.js';
import { CancelledError, EnvironmentError, InputError } from '../errors.js';

/** The replacement for `-` in the arguments, as FFmpeg writes it: yargs turns a bare `-` into an empty string. */
export const PIPE = 'pipe:';

/** Returns the name of an argument for messages. */
export function nameOf(path: string, pipe: 'stdin' | 'stdout'): string {
  return path === PIPE ? pipe : path;
}

/** Thrown when the reader of stdout has closed it (`| head`): the program ends without a message. */
export class ClosedPipe extends Error {}

/** The bytes of stdin; ends with a CancelledError when `signal` fires. */
export function readStdin(signal: AbortSignal): AsyncIterable<Uint8Array> {
  const { stdin } = process;
  if (stdin.isTTY) throw new InputError('stdin is a terminal: pipe a video into it, or name a file');
  signal.addEventListener('abort', () => stdin.destroy(new CancelledError()), { once: true });
  return stdin;
}

/** Returns stdout as a byte sink that waits for its reader. */
export function stdoutSink(): ByteSink {
  if (process.stdout.isTTY) throw new InputError('stdout is a terminal: redirect it, or name a file');
  return { write: writeStdout };
}

/** Writes to stdout and waits until the data is accepted. Throws {@link ClosedPipe} if its reader has closed it. */
export async function writeStdout(bytes: Uint8Array | string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error === null || error === undefined) resolve();
      else if (isClosedPipe(error)) reject(new ClosedPipe());
      else reject(writeFailure(error));
    });
  });
}

/** The message for a stdout that accepts no more data. */
export function writeFailure(error: Error): EnvironmentError {
  const isFull = 'code' in error && error.code === 'ENOSPC';
  return new EnvironmentError(`cannot write to stdout: ${isFull ? 'the disk is full' : error.message}`, {
    cause: error,
  });
}

/** Returns true if an error of a stream means that its reader has closed it. */
export function isClosedPipe(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
