import { FarmQueue } from './queue.js';
import { parseRedisAddress } from './redis-address.js';

/** What a farm does. */
export interface FarmStatus {
  /** Host and port of Redis. */
  readonly redis: string;
  readonly workers: number;
  /** Chunks that wait, also for their next try; and those in work. */
  readonly waiting: number;
  readonly active: number;
}

/** Asks the queue of a farm. Throws EnvironmentError if it cannot be reached. */
export async function readFarmStatus(redis: string): Promise<FarmStatus> {
  const address = parseRedisAddress(redis);
  await using queue = await FarmQueue.connect(address);
  const counts = await queue.queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized');
  const { waiting = 0, active = 0, delayed = 0, prioritized = 0 } = counts;
  return {
    redis: address.name,
    workers: await queue.queue.getWorkersCount(),
    ...{ waiting: waiting + delayed + prioritized, active },
  };
}
