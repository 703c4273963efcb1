import { describe, expect, test } from '@jest/globals';
import { TwoStages } from '../../src/threads/two-stages.js';
import type { Link } from '../../src/threads/worker-link.js';

/** A link whose requests are answered when the test says so. */
class ManualLink<Request, Response> implements Link<Request, Response> {
  readonly requests: Request[] = [];
  readonly transfers: (readonly ArrayBuffer[])[] = [];
  isDisposed = false;
  readonly #waiters: { resolve: (response: Response) => void; reject: (error: Error) => void }[] = [];

  call(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<Response> {
    this.requests.push(request);
    this.transfers.push(transfer);
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  answer(response: Response): void {
    this.#waiters.shift()!.resolve(response);
  }

  fail(message: string): void {
    this.#waiters.shift()!.reject(new Error(message));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
    return Promise.resolve();
  }
}

function stages() {
  const first = new ManualLink<number, Uint8Array<ArrayBuffer> | null>();
  const second = new ManualLink<Uint8Array<ArrayBuffer>, string>();
  const both = new TwoStages(first, second, (bytes: Uint8Array<ArrayBuffer>) => [bytes.buffer]);
  return { first, second, both };
}

/** Lets promises that are resolved call what waits for them. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

describe('two stages', () => {
  test('the second one gets what the first one answers, buffers handed over, and its answers keep their order', async () => {
    const { first, second, both } = stages();
    const answers = [both.call(1), both.call(2)];
    expect(first.requests).toEqual([1, 2]);
    const between = [new Uint8Array([10]), new Uint8Array([20])];
    // The first stage is two requests ahead.
    for (const bytes of between) first.answer(bytes);
    await settle();
    expect(second.requests).toEqual(between);
    expect(second.transfers).toEqual(between.map(({ buffer }) => [buffer]));
    second.answer('a');
    second.answer('b');
    expect(await Promise.all(answers)).toEqual(['a', 'b']);
  });

  test('null from the first one is the answer', async () => {
    const { first, second, both } = stages();
    const answer = both.call(1);
    first.answer(null);
    expect(await answer).toBeNull();
    expect(second.requests).toEqual([]);
  });

  test('errors of both reach the caller, and both are disposed', async () => {
    const { first, second, both } = stages();
    const answers = [both.call(1), both.call(2)];
    const failures = Promise.allSettled(answers);
    first.fail('first');
    first.answer(new Uint8Array(1));
    await settle();
    second.fail('second');
    expect((await failures).map((result) => result.status === 'rejected' && (result.reason as Error).message)).toEqual([
      'first',
      'second',
    ]);
    await both[Symbol.asyncDispose]();
    expect([first.isDisposed, second.isDisposed]).toEqual([true, true]);
  });
});
