import { Worker } from '../platform/threads.js';
import { WorkerLink } from '../threads/worker-link.js';
import { FrameMeter, type FrameMeterSetup, type FrameValues } from './frame-meter.js';
import type { FramePair } from './frame-pair.js';
import { packPairs, type PairBatch } from './pair-batch.js';

/** The largest number of pairs per message to a worker, if they are smaller than {@link MAX_BATCH_BYTES}. */
const BATCH = 4;
const MAX_BATCH_BYTES = 16 << 20;
/** The number of batches of a worker: one is measured, one waits. */
const QUEUE = 2;

/** Measures the pairs of a clip, which come in order; values come back in order. */
export interface Meters extends AsyncDisposable {
  /** Resolves as soon as it can take another pair. */
  add(pair: FramePair): Promise<void>;
  /** After the last pair: the values of all. */
  finish(): Promise<readonly FrameValues[]>;
}

/**
 * Meters in `threads` worker threads, each with a session of onnxruntime that has one thread: two such workers are
 * faster than one session with two threads. With one thread the calling thread does the work.
 *
 * @throws EnvironmentError, ModelError if the LPIPS graph cannot be loaded; with workers they come from `add`.
 */
export async function createMeters(setup: FrameMeterSetup, threads: number): Promise<Meters> {
  return threads === 1 ? new LocalMeters(await FrameMeter.create(setup)) : new WorkerMeters(setup, threads);
}

class LocalMeters implements Meters {
  readonly #meter: FrameMeter;
  readonly #values: FrameValues[] = [];
  #before: FramePair | null = null;

  constructor(meter: FrameMeter) {
    this.#meter = meter;
  }

  async add(pair: FramePair): Promise<void> {
    this.#values.push(await this.#meter.measure(pair, this.#before));
    this.#before = pair;
  }

  finish(): Promise<readonly FrameValues[]> {
    return Promise.resolve(this.#values);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#meter[Symbol.asyncDispose]();
  }
}

interface MeterThread {
  readonly link: WorkerLink<PairBatch, FrameValues[]>;
  waiting: number;
}

class WorkerMeters implements Meters {
  readonly #threads: readonly MeterThread[];
  readonly #batches: Promise<FrameValues[]>[] = [];
  #before: FramePair | null = null;
  #pairs: FramePair[] = [];
  #failure: Error | undefined;
  /** Called as soon as any batch is done. */
  #onDone: () => void = () => undefined;

  constructor(setup: FrameMeterSetup, threads: number) {
    const start = (): Worker => new Worker(new URL('./workers/meter-worker.js', import.meta.url));
    this.#threads = Array.from({ length: threads }, () => ({ link: new WorkerLink(start(), setup), waiting: 0 }));
  }

  async add(pair: FramePair): Promise<void> {
    this.#pairs.push(pair);
    const { y, u, v } = pair.original;
    const pairBytes = 2 * (y.length + u.length + v.length);
    if (this.#pairs.length < BATCH && (this.#pairs.length + 1) * pairBytes <= MAX_BATCH_BYTES) return;
    await this.#send();
  }

  async finish(): Promise<readonly FrameValues[]> {
    if (this.#pairs.length > 0) await this.#send();
    return (await Promise.all(this.#batches)).flat();
  }

  async #send(): Promise<void> {
    const batch = packPairs(this.#before, this.#pairs);
    this.#before = this.#pairs.at(-1)!;
    this.#pairs = [];
    while (this.#threads.every(({ waiting }) => waiting >= QUEUE)) {
      await new Promise<void>((resolve) => {
        this.#onDone = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
    const thread = this.#threads.reduce((best, other) => (other.waiting < best.waiting ? other : best));
    thread.waiting++;
    const done = thread.link.call(batch, [batch.data.buffer]);
    this.#batches.push(done);
    done
      .catch((error: unknown) => {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        thread.waiting--;
        this.#onDone();
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map(({ link }) => link[Symbol.asyncDispose]()));
  }
}
