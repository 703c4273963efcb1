import { TesseraError } from '../errors.js';
import { describeTooManyFiles } from '../io/open-files.js';
import { removeAllScratch } from '../io/scratch.js';
import { EXIT_CODES } from './exit-codes.js';
import { Reporter } from './reporter.js';
import { ClosedPipe, isClosedPipe, writeFailure } from './standard-streams.js';

/** The arguments of a command are wrong. */
export class UsageError extends Error {}

/** The context of a command, in addition to its arguments. */
export interface CommandContext {
  /** Fires at Ctrl-C (SIGINT) and at SIGTERM. */
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

/**
 * Runs the work of a command. Every error becomes one line on stderr and an exit code (docs/CLI.md).
 *
 * @param work returns the exit code.
 */
export async function runCommand(isJson: boolean, work: (context: CommandContext) => Promise<number>): Promise<void> {
  const controller = new AbortController();
  const reporter = new Reporter(isJson);
  const interrupt = (): void => {
    if (controller.signal.aborted) endAtOnce();
    controller.abort();
  };
  /** A second signal does not wait for the workers. It only removes temporary files and restores the terminal. */
  const endAtOnce = (): void => {
    reporter.stop();
    removeAllScratch();
    // Not process.exit: it would end worker threads within onnxruntime, which then aborts the whole process. The
    // default action of the signal ends all threads at once, and a shell gets exit code 130.
    process.off('SIGINT', interrupt);
    process.kill(process.pid, 'SIGINT');
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // The writer gets the error of a closed pipe. Without a listener here, the event would end the program with a stack
  // trace.
  const failures: Error[] = [];
  process.stdout.on('error', (error: Error) => failures.push(error));
  process.stderr.on('error', () => undefined);
  try {
    const exitCode = await work({ signal: controller.signal, reporter });
    reporter.stop();
    // A program that reads JSON lines must notice that a line is missing.
    await new Promise<void>((resolve) => void process.stdout.write('', () => resolve()));
    const failure = failures.find((error) => !isClosedPipe(error));
    if (failure !== undefined) throw writeFailure(failure);
    process.exitCode = exitCode;
  } catch (error) {
    reporter.stop();
    process.exitCode = report(error, reporter);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    // A pipe with an active writer would keep the program alive.
    if (!process.stdin.isTTY) process.stdin.destroy();
  }
}

/** Reports an error and returns the exit code. */
export function report(thrown: unknown, reporter: Reporter): number {
  const error = describeTooManyFiles(thrown) ?? thrown;
  if (error instanceof ClosedPipe || isClosedPipe(error)) return 0;
  if (error instanceof UsageError) {
    reporter.error(`${error.message} (see tessera --help)`, {
      code: 'ERR_TESSERA_USAGE',
      message: error.message,
      exitCode: EXIT_CODES.usage,
    });
    return EXIT_CODES.usage;
  }
  if (error instanceof TesseraError) {
    const { code, message, exitCode } = error;
    reporter.error(message, { code, message, exitCode });
    return exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  reporter.error(
    `internal error: ${message}; this is a bug: please report it with the output of TESSERA_DEBUG=1 and tessera doctor`,
    { code: 'ERR_TESSERA_BUG', message, exitCode: EXIT_CODES.bug },
  );
  if (process.env['TESSERA_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return EXIT_CODES.bug;
}
