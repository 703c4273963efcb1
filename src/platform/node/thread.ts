import { Worker as NodeWorker, parentPort } from 'node:worker_threads';
import type { ThreadListener, ThreadPort } from '../contract.js';

/**
 * A thread that runs a module. Write it as `new Worker(new URL('./module.js', import.meta.url))`, in one expression:
 * bundlers for browsers find the module by it.
 */
export class Worker {
  readonly #thread: NodeWorker;

  constructor(script: URL) {
    this.#thread = new NodeWorker(script);
  }

  /** Sets the handlers of the thread's events. Call it once. */
  listen({ onMessage, onError, onExit }: ThreadListener): void {
    this.#thread.on('message', onMessage);
    this.#thread.on('error', (error) => onError(error instanceof Error ? error : new Error(String(error))));
    if (onExit !== undefined) this.#thread.on('exit', onExit);
  }

  /** Sends a message; the buffers of `transfer` are handed over. */
  postMessage(message: unknown, transfer: readonly ArrayBuffer[] = []): void {
    this.#thread.postMessage(message, transfer);
  }

  /** Allows the program to end while the thread runs. */
  unref(): void {
    this.#thread.unref();
  }
}

/** The port to the thread that started this one. Throws Error in the program's first thread. */
export function threadPort(): ThreadPort {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread');
  return {
    postMessage: (message, transfer = []) => port.postMessage(message, transfer),
    onMessage: (handler) => {
      port.on('message', handler);
    },
    close: () => port.close(),
  };
}
