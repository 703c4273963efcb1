import { parentPort, type Transferable } from 'node:worker_threads';
import { toPlainError } from './worker-errors.js';

/** A worker's answer and the buffers that are handed over with it. */
export interface Served<Response> {
  readonly response: Response;
  readonly transfer?: readonly Transferable[];
}

/**
 * Answers the requests of a {@link WorkerLink} in their order, with one `handle` for all; it is made once, before the
 * first request, and if that fails every request is answered with the error. The message null ends the thread; requests
 * that still wait then are not answered.
 */
export function serveRequests(prepare: () => Promise<(request: never) => Promise<Served<unknown>>>): void {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread');
  const handler = prepare();
  let last: Promise<void> = handler.then(
    () => undefined,
    () => undefined,
  );
  let isEnding = false;
  port.on('message', (request: unknown) => {
    if (request === null) {
      isEnding = true;
      void last.then(() => {
        port.close();
      });
      return;
    }
    last = last.then(async () => {
      if (isEnding) return;
      try {
        const handle = await handler;
        const { response, transfer } = await handle(request as never);
        port.postMessage({ response }, transfer);
      } catch (error) {
        port.postMessage({ error: toPlainError(error) });
      }
    });
  });
}
