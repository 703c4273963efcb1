import type { KernelMemory } from '../../../kernels/kernels.js';
import { Worker } from '../../../platform/threads.js';
import type { DecisionHelpers } from '../encoder/frame-decision.js';
import type { DecisionJob, FilterJob, SharedDecision } from '../encoder/row-decision.js';

/** A message to a decision worker. The first message adds the worker to a sequence. */
export type DecisionRequest =
  | { readonly memory: KernelMemory; readonly shared: SharedDecision }
  | { readonly decide: DecisionJob }
  | { readonly filter: FilterJob };

/** Threads that help to decide frames. They end with the thread that started them. */
export class DecisionWorkers implements DecisionHelpers {
  readonly #workers: readonly Worker[];
  readonly #ready: Promise<unknown>;

  constructor(count: number) {
    this.#workers = Array.from({ length: count }, () => new Worker(new URL('./decision-worker.js', import.meta.url)));
    this.#ready = Promise.all(this.#workers.map(joined));
    this.#ready.catch(() => undefined);
  }

  join(memory: KernelMemory, shared: SharedDecision): void {
    for (const worker of this.#workers) worker.postMessage({ memory, shared } satisfies DecisionRequest);
  }

  decide(job: DecisionJob): void {
    for (const worker of this.#workers) worker.postMessage({ decide: job } satisfies DecisionRequest);
  }

  filter(job: FilterJob): void {
    for (const worker of this.#workers) worker.postMessage({ filter: job } satisfies DecisionRequest);
  }

  /** Waits until all have joined; rejects if one cannot. A worker that fails later ends the thread that started it. */
  async ready(): Promise<void> {
    await this.#ready;
    for (const worker of this.#workers) worker.unref();
  }
}

/** Resolves when the worker has joined; rejects if it cannot. */
function joined(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    let hasJoined = false;
    worker.listen({
      onMessage: () => {
        hasJoined = true;
        resolve();
      },
      onError: (error) => {
        // Nothing waits for this promise any more, so the error also ends this thread.
        if (hasJoined) throw error;
        reject(error);
      },
    });
  });
}
