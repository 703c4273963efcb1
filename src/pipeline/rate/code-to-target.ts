import type { ChunkedJob } from './chunked-job.js';
import type { Outcome } from './code-to-budget.js';
export async function codeToTarget(_job: ChunkedJob): Promise<Outcome> {
  await Promise.resolve();
  throw new Error('not yet');
}
