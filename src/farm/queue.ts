import type { Job, JobsOptions, Queue, QueueEvents, Worker, WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { CancelledError, EnvironmentError } from '../errors.js';
import type { RedisAddress } from './redis-address.js';

/** What goes through Redis for a chunk: the hash of its description, which lies in the store. */
export const jobSchema = z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/) });
export type ChunkJobData = z.infer<typeof jobSchema>;

export type ChunkQueue = Queue<ChunkJobData>;
export type ChunkEvents = QueueEvents;
export type ChunkJob = Job<ChunkJobData>;
export type ChunkWorker = Worker<ChunkJobData>;

const NAME = 'chunks';
const PREFIX = 'tessera';
/** Workers listen here for hashes of chunks that nobody needs any more. */
const CANCEL_CHANNEL = `${PREFIX}:cancel`;
/** The reason why a chunk failed if it was cancelled. */
export const CANCELLED = 'cancelled';
/** A chunk is tried so often. */
export const ATTEMPTS = 3;
/** A chunk is taken over so often from workers that died. */
const MOST_TAKEOVERS = 100;

const JOB_OPTIONS: JobsOptions = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
  // Results lie in the store; a chunk that failed may be asked for again.
  removeOnComplete: true,
  removeOnFail: true,
};

/** The queue of chunks in a Redis or Valkey server. Only this file knows BullMQ and its client. */
export class FarmQueue implements AsyncDisposable {
  readonly queue: ChunkQueue;
  readonly #address: RedisAddress;
  readonly #client: Redis;
  readonly #open: AsyncDisposable[] = [];

  private constructor(address: RedisAddress, queue: ChunkQueue, client: Redis) {
    this.#address = address;
    this.queue = queue;
    this.#client = client;
  }

  /**
   * Connects to the server.
   *
   * @throws EnvironmentError if that is not possible. The message names host and port, never user and password.
   */
  static async connect(address: RedisAddress): Promise<FarmQueue> {
    const { Redis: Client } = await import('ioredis');
    const { Queue: Chunks } = await import('bullmq');
    const probe = new Client({
      ...address.options,
      lazyConnect: true,
      retryStrategy: () => null,
      connectTimeout: 5000,
    });
    // The rejection of `connect` only says that the connection is closed.
    let reason: unknown = null;
    probe.on('error', (error) => (reason = error));
    try {
      await probe.connect();
      await probe.ping();
    } catch (error) {
      throw describeFailure(reason ?? error, address);
    } finally {
      probe.disconnect();
    }
    const client = new Client({ ...address.options, maxRetriesPerRequest: null, lazyConnect: true });
    client.on('error', () => undefined);
    await client.connect();
    const queue: ChunkQueue = new Chunks(NAME, { prefix: PREFIX, connection: connectionOf(address) });
    // The client connects again by itself.
    queue.on('error', () => undefined);
    return new FarmQueue(address, queue, client);
  }

  /** Asks for a chunk, unless it waits or is in work already. */
  async add(hash: string): Promise<void> {
    await this.queue.add('chunk', { hash }, { ...JOB_OPTIONS, jobId: hash });
  }

  /** Takes back a chunk that nobody needs any more, and tells the worker that has it. */
  async cancel(hash: string): Promise<void> {
    const job = await this.queue.getJob(hash);
    // A worker that has the job holds its lock: then only that worker can end it.
    await job?.remove().catch(() => undefined);
    await this.#client.publish(CANCEL_CHANNEL, hash);
  }

  /** Calls back when the server is there again after it was not. */
  onReturn(callback: () => void): void {
    this.#client.on('ready', callback);
  }

  /** What happens to chunks. */
  async listen(): Promise<ChunkEvents> {
    const { QueueEvents: Events } = await import('bullmq');
    const events = new Events(NAME, { prefix: PREFIX, connection: connectionOf(this.#address) });
    events.on('error', () => undefined);
    this.#open.push({ [Symbol.asyncDispose]: () => events.close() });
    await events.waitUntilReady();
    return events;
  }

  /** Starts to take chunks. */
  async work(
    process: (job: ChunkJob) => Promise<void>,
    options: Pick<WorkerOptions, 'concurrency'> & { readonly lockSeconds: number },
  ): Promise<ChunkWorker> {
    const { UnrecoverableError, Worker: Workers } = await import('bullmq');
    const { concurrency = 1, lockSeconds } = options;
    const work = async (job: ChunkJob): Promise<void> => {
      try {
        await process(job);
      } catch (error) {
        // Not tried again.
        if (error instanceof CancelledError) throw new UnrecoverableError(CANCELLED);
        throw error;
      }
    };
    return new Workers<ChunkJobData>(NAME, work, {
      ...{ prefix: PREFIX, connection: connectionOf(this.#address), concurrency },
      ...{ lockDuration: 1000 * lockSeconds, stalledInterval: 500 * lockSeconds, maxStalledCount: MOST_TAKEOVERS },
    });
  }

  /** Calls back with the hash of each chunk that is cancelled. */
  async listenForCancels(onCancel: (hash: string) => void): Promise<void> {
    const subscriber = this.#client.duplicate();
    subscriber.on('error', () => undefined);
    subscriber.on('message', (_, hash: string) => onCancel(hash));
    this.#open.push({
      [Symbol.asyncDispose]: () => {
        subscriber.disconnect();
        return Promise.resolve();
      },
    });
    await subscriber.subscribe(CANCEL_CHANNEL);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const part of this.#open) await part[Symbol.asyncDispose]();
    await this.queue.close();
    this.#client.disconnect();
  }
}

/** Waits for a server that restarts, as long as it takes. */
function connectionOf({ options }: RedisAddress) {
  return { ...options, maxRetriesPerRequest: null };
}

function describeFailure(error: unknown, { name }: RedisAddress): EnvironmentError {
  const message = error instanceof Error ? error.message : String(error);
  const code = (error as NodeJS.ErrnoException).code;
  const reason = /WRONGPASS|NOAUTH|invalid password|invalid username/i.test(message)
    ? 'it refuses the user or password'
    : code === 'ECONNREFUSED'
      ? 'nothing listens there'
      : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? 'there is no such host'
        : 'the connection fails; see its log, and whether it needs TLS (rediss://)';
  // The cause is left out: it may show the command with the password.
  return new EnvironmentError(`cannot use Redis at ${name}: ${reason}`);
}
