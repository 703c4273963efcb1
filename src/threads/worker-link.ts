import type { Worker } from '../platform/threads.js';
import { fromPlainError, type PlainError } from './worker-errors.js';

/** The answer of a worker to a request. */
export type WorkerReply<Response> = { readonly response: Response } | { readonly error: PlainError };

interface Waiter<Response> {
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
}

/** One or more threads that answer requests one after another, in their order. */
export interface Link<Request, Response> extends AsyncDisposable {
  /** Sends a request; `transfer` lists buffers that are handed over. */
  call(request: Request, transfer?: readonly ArrayBuffer[]): Promise<Response>;
}

/** A worker thread that answers requests one after another, in their order. */
export class WorkerLink<Request, Response> implements Link<Request, Response> {
  readonly #worker: Worker;
  readonly #waiters: Waiter<Response>[] = [];
  #failure: Error | undefined;
  readonly #exited: Promise<void>;

  /**
   * @param worker new, of a module that calls {@link serveRequests}.
   * @param setup data for the setup of the module; it is copied.
   */
  constructor(worker: Worker, setup: unknown) {
    this.#worker = worker;
    this.#exited = new Promise((resolve) => {
      worker.listen({
        onMessage: (message) => {
          const reply = message as WorkerReply<Response>;
          const waiter = this.#waiters.shift();
          if ('error' in reply) waiter?.reject(fromPlainError(reply.error));
          else waiter?.resolve(reply.response);
        },
        onError: (error) => this.#fail(error),
        onExit: () => {
          this.#fail(new Error('a codec worker has ended'));
          resolve();
        },
      });
    });
    worker.postMessage(setup);
  }

  /** Sends a request; `transfer` lists buffers that are handed over. Rejects with the worker's error. */
  call(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<Response> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#worker.postMessage(request, transfer);
    });
  }

  /**
   * Ends the thread after its current request; open requests are rejected. Terminating the thread at once could
   * interrupt onnxruntime's native code, which then aborts the whole process.
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
