import { parentPort, type Transferable } from 'node:worker_threads';
import { toPlainError } from './worker-errors.js';

/** A worker's answer and the buffers that are handed over with it. */
export interface Served<Response> {
  readonly response: Response;
  readonly transfer?: readonly Transferable[];
}

/**
 * Answers the requests of a {@link WorkerLink} in their order, with one `handle` for all; it is made once, before the
 * first request, and if that fails every request is answered with the error.
 */
export function serveRequests(prepare: () => Promise<(request: never) => Promise<Served<unknown>>>): void {
  const port = parentPort;
  if (port === null) throw new Error('this module runs in a worker thread');
  const handler = prepare();
  let last: Promise<void> = handler.then(
    () => undefined,
    () => undefined,
  );
  port.on('message', (request: unknown) => {
    last = last.then(async () => {
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
