import { fork } from 'node:child_process';
import { EnvironmentError, throwIfCancelled } from '../../src/errors.js';
import type { StageAnswer, StageRequest, StageResults } from './messages.js';

/** A job failed: a row of the results with the message as its reason. */
export class JobFailure extends Error {}

/** The number of characters to keep from the output of a process that fails. */
const KEPT_TEXT = 4096;

/**
 * Does a part of a job in a process of its own.
 *
 * @throws JobFailure if it fails or its process dies; EnvironmentError if the disk is full; CancelledError.
 */
export async function runStageProcess<Stage extends StageRequest['stage']>(
  request: Extract<StageRequest, { readonly stage: Stage }>,
  signal: AbortSignal | undefined,
): Promise<StageResults[Stage]> {
  throwIfCancelled(signal);
  const child = fork(new URL('./job-process.js', import.meta.url), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [],
  });
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-KEPT_TEXT);
  });
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', kill);
  try {
    const answer = await new Promise<StageAnswer>((resolve) => {
      let given: StageAnswer | null = null;
      const fail = (reason: string): StageAnswer => ({ kind: 'failed', reason, isDiskFull: false });
      child.on('message', (message) => {
        given = message as StageAnswer;
      });
      child.on('error', (error) => resolve(fail(`its process cannot be started: ${error.message}`)));
      child.on('close', (code, killedBy) => resolve(given ?? fail(describeDeath(code, killedBy, text))));
      child.send(request, (error) => {
        // Its end tells why.
        if (error !== null) kill();
      });
    });
    throwIfCancelled(signal);
    if (answer.kind === 'done') return answer.result as StageResults[Stage];
    if (answer.isDiskFull) {
      throw new EnvironmentError('the disk is full: free some space, then continue with the same command');
    }
    throw new JobFailure(`cannot ${request.stage}: ${answer.reason}`);
  } finally {
    signal?.removeEventListener('abort', kill);
    kill();
  }
}

function describeDeath(code: number | null, killedBy: NodeJS.Signals | null, text: string): string {
  if (killedBy === 'SIGKILL') return 'its process was killed (SIGKILL); the machine may be short of memory';
  const line = text.trim().split('\n').at(-1) ?? '';
  return `its process died with ${killedBy ?? `exit code ${code}`}${line === '' ? '' : `: ${line}`}`;
}
