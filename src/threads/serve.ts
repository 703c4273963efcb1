import { threadPort } from '../platform/threads.js';
import { toPlainError } from './worker-errors.js';

/** A worker's answer and the buffers that are handed over with it. */
export interface Served<Response> {
  readonly response: Response;
  readonly transfer?: readonly ArrayBuffer[];
}

type Handler = (request: never) => Promise<Served<unknown>>;

/**
 * Answers the requests of a {@link WorkerLink} in order, with one handler for all. The first message is the setup of
 * the link; `prepare` makes the handler from it. If that fails, every request is answered with the error. The message
 * null ends the thread; waiting requests are then not answered.
 */
export function serveRequests(prepare: (setup: never) => Promise<Handler>): void {
  const port = threadPort();
  let handler: Promise<Handler> | undefined;
  let last: Promise<void> = Promise.resolve();
  let isEnding = false;
  port.onMessage((request: unknown) => {
    if (handler === undefined) {
      handler = prepare(request as never);
      last = handler.then(
        () => undefined,
        () => undefined,
      );
      return;
    }
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
        const handle = await handler!;
        const { response, transfer } = await handle(request as never);
        port.postMessage({ response }, transfer);
      } catch (error) {
        port.postMessage({ error: toPlainError(error) });
      }
    });
  });
}
