import type { ByteSink } from '../bitstream/stream-writer.js';
import { CancelledError, EnvironmentError, InputError } from '../errors.js';

/** The replacement for `-` in the arguments, as FFmpeg writes it: yargs turns a bare `-` into an empty string. */
export const PIPE = 'pipe:';

/** Returns the name of an argument for messages. */
export function nameOf(path: string, pipe: 'stdin' | 'stdout'): string {
  return path === PIPE ? pipe : path;
}

/** Thrown when nobody reads stdout any more (`| head`): the program ends quietly. */
export class ClosedPipe extends Error {}

/** The bytes of stdin; ends with a CancelledError when `signal` fires. */
export function readStdin(signal: AbortSignal): AsyncIterable<Uint8Array> {
  const { stdin } = process;
  if (stdin.isTTY) throw new InputError('stdin is a terminal: pipe a video into it, or name a file');
  signal.addEventListener('abort', () => stdin.destroy(new CancelledError()), { once: true });
  return stdin;
}

/** Stdout as a byte sink that waits until its reader has room. */
export function stdoutSink(): ByteSink {
  if (process.stdout.isTTY) throw new InputError('stdout is a terminal: redirect it, or name a file');
  return { write: writeStdout };
}

/** Writes to stdout and waits until it is taken. Throws {@link ClosedPipe} if nobody reads it. */
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

/** Whether an error of a stream says that its reader is gone. */
export function isClosedPipe(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
