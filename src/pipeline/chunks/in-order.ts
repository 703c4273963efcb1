import { setMaxListeners } from 'node:events';
import { throwIfCancelled } from '../../errors.js';

/**
 * Does work on items, on several at a time, and yields its results in the order of the items. The next item is asked for
 * as soon as there is room for it. If some work fails, the signal that all work gets fires, and the error of the first
 * item that failed is thrown when all work has ended; CancelledError if the given signal fires.
 *
 * @param size the number of items in work at a time, at least 1.
 * @param signal ends all work.
 */
export async function* inOrder<Item, Result>(
  items: AsyncIterable<Item>,
  size: number,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
  signal?: AbortSignal,
): AsyncGenerator<Result, void, undefined> {
  const stop = new AbortController();
  const all = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  // Each item in work listens.
  setMaxListeners(0, all);
  const iterator = items[Symbol.asyncIterator]();
  const results: Promise<Result>[] = [];
  let wake = (): void => undefined;
  let running = 0;
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    while (!all.aborted) {
      const next = await iterator.next();
      if (next.done === true) return;
      const result = work(next.value, all);
      results.push(result);
      wake();
      await result;
    }
  };
  const fail = (error: unknown): void => {
    failures.push(error);
    stop.abort();
  };
  const lanes = Array.from({ length: size }, () => {
    running++;
    return lane()
      .catch(fail)
      .finally(() => {
        running--;
        wake();
      });
  });
  try {
    while (running > 0 || results.length > 0) {
      if (results.length === 0) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      yield await results.shift()!;
    }
  } catch (error) {
    fail(error);
  } finally {
    stop.abort();
    for (const result of results) result.catch(() => undefined);
    await Promise.all(lanes);
    await iterator.return?.();
  }
  // What failed first made the rest fail.
  if (failures.length > 0) throw failures[0];
  throwIfCancelled(signal);
}
