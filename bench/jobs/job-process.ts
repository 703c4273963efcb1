/** The process of one part of a job: takes a request from its parent, answers, ends. Nothing else runs in it. */
import { TesseraError } from '../../src/errors.js';
import type { StageAnswer, StageRequest } from './messages.js';
import { runStage } from './stages.js';

process.once('message', (request: StageRequest) => {
  void runStage(request)
    .then((result): StageAnswer => ({ kind: 'done', result }), describeFailure)
    .then((answer) => process.send?.(answer, () => process.exit(0)));
});
// Without its parent, nothing needs its results.
process.on('disconnect', () => process.exit(1));

function describeFailure(error: unknown): StageAnswer {
  const message = (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reason = error instanceof TesseraError ? message : `internal error: ${message}`;
  return { kind: 'failed', reason, isDiskFull: code === 'ENOSPC' || /the disk is full/.test(message) };
}
