import { CancelledError } from '../errors.js';

/**
 * Returns the result of `work`, or rejects with CancelledError as soon as `signal` fires, even if the work continues.
 *
 * Not `Promise.race` with one promise for the whole video: that would keep every result in memory until the end.
 */
export function unlessCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const cancel = (): void => {
      reject(new CancelledError('cancelled', { cause: signal.reason }));
    };
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', cancel);
    });
  });
}
