import { expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOrder } from '../../../src/pipeline/chunks/in-order.js';
import { collect, failureOf, produce } from '../../video/helpers.js';

test('results come in the order of the items, and so many are in work at a time', async () => {
  let running = 0;
  let most = 0;
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++running);
    await sleep(item % 2 === 0 ? 12 : 3);
    running--;
    return 10 * item;
  };
  const items = [0, 1, 2, 3, 4, 5, 6];
  expect(await collect(inOrder(produce(items), 3, work))).toEqual(items.map((item) => 10 * item));
  expect([most, running]).toEqual([3, 0]);
  expect(await collect(inOrder(produce(items), 1, work))).toEqual(items.map((item) => 10 * item));
});

test('the first failure ends all other work, and is thrown', async () => {
  const ended: number[] = [];
  const work = async (item: number, signal: AbortSignal): Promise<number> => {
    if (item === 2) throw new Error('item 2');
    await sleep(10_000, undefined, { signal }).catch(() => {
      ended.push(item);
      throw new Error(`item ${item} was stopped`);
    });
    return item;
  };
  expect((await failureOf(collect(inOrder(produce([0, 1, 2, 3]), 3, work)))).message).toBe('item 2');
  expect(ended).toEqual([0, 1]);
});

test('a signal ends all work', async () => {
  const controller = new AbortController();
  const work = async (item: number, signal: AbortSignal): Promise<number> => {
    if (item === 1) controller.abort();
    await sleep(item, undefined, { signal }).catch(() => undefined);
    return item;
  };
  const error = await failureOf(collect(inOrder(produce([0, 1, 2, 3]), 2, work, controller.signal)));
  expect(error).toMatchObject({ code: 'ERR_TESSERA_CANCELLED' });
});

test('a failing source is told, and a caller that stops early ends all work', async () => {
  async function* failing(): AsyncGenerator<number, void, undefined> {
    await Promise.resolve();
    yield 1;
    throw new Error('no more items');
  }
  const same = (item: number): Promise<number> => Promise.resolve(item);
  expect((await failureOf(collect(inOrder(failing(), 2, same)))).message).toBe('no more items');
  const seen: number[] = [];
  for await (const result of inOrder(produce([1, 2, 3, 4, 5]), 2, same)) {
    seen.push(result);
    if (seen.length === 2) break;
  }
  expect(seen).toEqual([1, 2]);
});
