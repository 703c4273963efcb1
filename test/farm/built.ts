// The farm runs workers, so it is tested as it is built in dist/.
import type * as compressModule from '../../src/pipeline/compress.js';
import type * as localModule from '../../src/pipeline/chunks/local-chunks.js';
import type * as farmModule from '../../src/farm/farm.js';
import type * as queueModule from '../../src/farm/queue.js';
import type * as addressModule from '../../src/farm/redis-address.js';
import type * as statusModule from '../../src/farm/status.js';
import type * as workerModule from '../../src/farm/worker.js';
import type { WorkerOptions } from '../../src/farm/worker.js';
import { load } from '../codec/built.js';

export const { compressVideo } = await load<typeof compressModule>('pipeline/compress.js');
export const { localChunks } = await load<typeof localModule>('pipeline/chunks/local-chunks.js');
export const { farm } = await load<typeof farmModule>('farm/farm.js');
export const { FarmQueue } = await load<typeof queueModule>('farm/queue.js');
export const { parseRedisAddress } = await load<typeof addressModule>('farm/redis-address.js');
export const { readFarmStatus } = await load<typeof statusModule>('farm/status.js');
const { runWorker } = await load<typeof workerModule>('farm/worker.js');

/** A worker in this process; disposing it lets it finish its chunks. */
export async function startWorker(
  options: Omit<WorkerOptions, 'signal' | 'onLine'>,
): Promise<{ readonly lines: string[] } & AsyncDisposable> {
  const controller = new AbortController();
  const lines: string[] = [];
  let resolve = (): void => undefined;
  const isReady = new Promise<void>((fulfil) => (resolve = fulfil));
  const done = runWorker({
    ...{ searchThreads: 1, ...options, signal: controller.signal },
    onLine: (line) => {
      lines.push(line);
      resolve();
    },
  });
  await Promise.race([isReady, done]);
  return {
    lines,
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await done;
    },
  };
}
