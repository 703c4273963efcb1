import { Worker, type Transferable } from 'node:worker_threads';
import { fromPlainError, type PlainError } from './worker-errors.js';

/** What a worker answers to each request. */
export type WorkerReply<Response> = { readonly response: Response } | { readonly error: PlainError };

interface Waiter<Response> {
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
}

/** A worker thread that answers requests one after another, in their order. */
export class WorkerLink<Request, Response> implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #waiters: Waiter<Response>[] = [];
  #failure: Error | undefined;
  readonly #exited: Promise<void>;

  /**
   * @param script module that calls {@link serveRequests}.
   * @param setup given to the worker as its `workerData`.
   */
  constructor(script: URL, setup: unknown) {
    this.#worker = new Worker(script, { workerData: setup });
    this.#worker.on('message', (reply: WorkerReply<Response>) => {
      const waiter = this.#waiters.shift();
      if ('error' in reply) waiter?.reject(fromPlainError(reply.error));
      else waiter?.resolve(reply.response);
    });
    this.#worker.on('error', (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#fail(new Error('a codec worker has ended'));
        resolve();
      });
    });
  }

  /** Sends a request; `transfer` lists buffers that are handed over. Rejects with the worker's error. */
  call(request: Request, transfer: readonly Transferable[] = []): Promise<Response> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  /**
   * Ends the thread after the request that it is busy with; open requests are rejected. Terminating it at once could
   * hit onnxruntime in its native code, which then aborts the whole process.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.postMessage(null);
    await this.#exited;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(this.#failure);
  }
}
