import { resolve } from 'node:path';
import { BitstreamError, EnvironmentError, InputError, throwIfCancelled } from '../errors.js';
import type { ChunkCoders, ChunkedVideo, ChunkPool, ChunkTask, ChunkWatch } from '../pipeline/chunks/chunk-coders.js';
import { describeChunk, hashOf, parseSpecText, type ChunkSpec } from '../pipeline/chunks/chunk-spec.js';
import { readChunkResult } from '../pipeline/chunks/chunk-result.js';
import type { CodedChunk } from '../pipeline/chunks/code-chunk.js';
import { openStore, type ChunkStore } from './chunk-store.js';
import { parseUrl } from './http.js';
import { CANCELLED, FarmQueue } from './queue.js';
import { parseRedisAddress } from './redis-address.js';

/** The number of chunks in the queue at a time: as many as workers can be kept busy with. */
const MOST_CHUNKS = 1024;
/** The store is looked at so often for each chunk, milliseconds, because events are lost while Redis restarts. */
const LOOK_MS = 5000;
/** After so many looks, a chunk is put into the queue again, if it is not there: Redis may have lost it. */
const LOOKS = 60;

/** Where a farm is. */
export interface FarmOptions {
  /** `redis://[user:password@]host[:port][/database]`, or `rediss://` for TLS. */
  readonly redis: string;
  /**
   * Where descriptions and results of chunks lie: a folder that this machine and all workers see, or a prefix of HTTP(S)
   * addresses with GET and PUT.
   */
  readonly store: string;
  /** The HTTP(S) address of the source, if workers do not see it as a file under the same path. */
  readonly sourceUrl?: string;
}

/** Codes chunks on the workers of a farm (`tessera farm worker`). */
export function farm({ redis, store, sourceUrl }: FarmOptions): ChunkCoders {
  const address = parseRedisAddress(redis);
  const url = sourceUrl === undefined ? null : parseUrl(sourceUrl).href;
  const chunks = openStore(store);
  return {
    open: async (video) => {
      if (typeof video.input !== 'string') {
        throw new InputError(
          'a farm needs a file or a folder that its workers see too: no pipe, and no list of pictures',
        );
      }
      const queue = await FarmQueue.connect(address);
      return await FarmPool.open(video, url ?? resolve(video.input), queue, chunks);
    },
  };
}

/** Who waits for a chunk. */
interface Waiter {
  readonly progress: (frames: number) => void;
  readonly look: () => void;
  /** Asks whether the chunk is still in the queue. */
  readonly ask: () => void;
  readonly fail: (reason: string) => void;
}

class FarmPool implements ChunkPool {
  readonly size = MOST_CHUNKS;
  readonly #video: ChunkedVideo;
  readonly #path: string;
  readonly #queue: FarmQueue;
  readonly #store: ChunkStore;
  readonly #waiters = new Map<string, Set<Waiter>>();

  private constructor(video: ChunkedVideo, path: string, queue: FarmQueue, store: ChunkStore) {
    this.#video = video;
    this.#path = path;
    this.#queue = queue;
    this.#store = store;
  }

  static async open(video: ChunkedVideo, path: string, queue: FarmQueue, store: ChunkStore): Promise<FarmPool> {
    const pool = new FarmPool(video, path, queue, store);
    const events = await queue.listen();
    events.on('progress', ({ jobId, data }) => {
      if (typeof data === 'number') pool.#tell(jobId, ({ progress }) => progress(data));
    });
    events.on('completed', ({ jobId }) => pool.#tell(jobId, ({ look }) => look()));
    events.on('failed', ({ jobId, failedReason }) => {
      // Another client that wanted the same chunk cancelled it.
      pool.#tell(jobId, ({ ask, fail }) => (failedReason === CANCELLED ? ask() : fail(failedReason)));
    });
    queue.onReturn(() => {
      for (const hash of pool.#waiters.keys()) pool.#tell(hash, ({ ask }) => ask());
    });
    if ((await queue.queue.getWorkersCount()) === 0)
      video.onNote('the farm has no workers yet: start some (tessera farm worker)');
    return pool;
  }

  async code(task: ChunkTask, watch: ChunkWatch): Promise<() => Promise<CodedChunk>> {
    const spec = await describeChunk(this.#video, task, this.#path);
    const hash = hashOf(spec);
    let told = 0;
    const progress = (frames: number): void => {
      for (; told < Math.min(frames, spec.frames.length); told++) watch.onFrame(null);
    };
    const isDone = (await this.#load(hash, spec)) !== null;
    // The same frames may lie in another place than when their chunk was described before.
    if (!isDone || (await this.#store.read(hash, 'json')) === null) {
      await this.#store.write(hash, 'json', Buffer.from(JSON.stringify(spec)));
    }
    if (!isDone) await this.#await(hash, spec, watch.signal, progress, task);
    progress(Infinity);
    // Holds no description: thousands of chunks may wait for those before them.
    const { index } = task;
    return () => this.#join(hash, index);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue[Symbol.asyncDispose]();
  }

  /** Reads a result again. */
  async #join(hash: string, index: number): Promise<CodedChunk> {
    const text = await this.#store.read(hash, 'json');
    const spec = text === null ? null : parseSpecText(Buffer.from(text).toString());
    const coded = spec === null || hashOf(spec) !== hash ? null : await this.#load(hash, spec);
    if (coded === null) throw new EnvironmentError(`the result of chunk ${index} is gone from the store`);
    return coded;
  }

  #tell(hash: string, tell: (waiter: Waiter) => void): void {
    for (const waiter of this.#waiters.get(hash) ?? []) tell(waiter);
  }

  /** Puts a chunk into the queue and waits until its result is in the store. */
  async #await(
    hash: string,
    spec: ChunkSpec,
    signal: AbortSignal,
    progress: Waiter['progress'],
    { index }: ChunkTask,
  ): Promise<void> {
    let wake = (): void => undefined;
    const failures: string[] = [];
    let looks = 0;
    const waiter: Waiter = {
      progress,
      look: () => wake(),
      ask: () => {
        looks = LOOKS;
        wake();
      },
      fail: (reason) => {
        failures.push(reason);
        wake();
      },
    };
    const others = this.#waiters.get(hash) ?? new Set();
    this.#waiters.set(hash, others.add(waiter));
    const onAbort = (): void => wake();
    signal.addEventListener('abort', onAbort);
    try {
      throwIfCancelled(signal);
      await this.#queue.add(hash);
      while ((await this.#load(hash, spec)) === null) {
        throwIfCancelled(signal);
        if (failures.length > 0) throw new InputError(`chunk ${index} cannot be coded: ${failures[0]!}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LOOK_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (signal.aborted || failures.length > 0) wake();
        });
        if (++looks < LOOKS || failures.length > 0 || (await this.#load(hash, spec)) !== null) continue;
        looks = 0;
        throwIfCancelled(signal);
        await this.#queue.add(hash);
      }
    } catch (error) {
      if (signal.aborted) await this.#queue.cancel(hash).catch(() => undefined);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      others.delete(waiter);
      if (others.size === 0) this.#waiters.delete(hash);
    }
  }

  /** A result, checked; null if there is none. A damaged one counts as none. */
  async #load(hash: string, spec: ChunkSpec): Promise<CodedChunk | null> {
    const stream = await this.#store.read(hash, 'tsr');
    if (stream === null) return null;
    try {
      if (spec.quality.kind === 'constant') return await readChunkResult(spec, stream, null);
      const qualities = await this.#store.read(hash, 'qualities');
      return qualities === null ? null : await readChunkResult(spec, stream, Buffer.from(qualities).toString());
    } catch (error) {
      if (!(error instanceof BitstreamError)) throw error;
      return null;
    }
  }
}
