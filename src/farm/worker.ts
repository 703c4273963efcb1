import { availableParallelism } from 'node:os';
import { BitstreamError, CancelledError, InputError, TesseraError } from '../errors.js';
import type { EncoderOptions } from '../codec/encoder.js';
import { KeptCodecs } from '../pipeline/chunks/kept-codecs.js';
import { codeSpec } from '../pipeline/chunks/code-spec.js';
import { packetsOf, qualitiesText } from '../pipeline/chunks/chunk-result.js';
import { hashOf, parseSpecText } from '../pipeline/chunks/chunk-spec.js';
import { memoryOfEncoder } from '../pipeline/chunks/local-chunks.js';
import { openStore, type ChunkStore } from './chunk-store.js';
import { Downloads } from './downloads.js';
import { isUrl } from './http.js';
import { FarmQueue, jobSchema, type ChunkJob } from './queue.js';
import { parseRedisAddress } from './redis-address.js';
import { Roots } from './roots.js';

/** Progress goes through Redis so often for a chunk at most, and not more often than this, milliseconds. */
const MOST_REPORTS = 8;
const PROGRESS_MS = 1000;

/** How a worker works. */
export interface WorkerOptions extends Pick<EncoderOptions, 'pack' | 'device' | 'threads'> {
  /** As in `FarmOptions`. */
  readonly redis: string;
  readonly store: string;
  /** Folders below which sources may be read. */
  readonly roots: readonly string[];
  /** Prefixes of HTTP(S) addresses below which sources may be read. Default: none. */
  readonly urls?: readonly string[];
  /** The number of chunks at a time. Default: 1. */
  readonly concurrency?: number;
  /** Threads for search of each chunk. Default: its share of the cores. */
  readonly searchThreads?: number;
  /** Bytes of memory that a chunk may need, by an estimate. Default: no limit. */
  readonly memory?: number;
  /** A chunk is given to another worker if this one shows no life for so many seconds. Default: 60. */
  readonly lockSeconds?: number;
  /** Ends the worker when the chunks in work are done. */
  readonly signal: AbortSignal;
  /** Gets one line for each thing that happens. */
  readonly onLine: (line: string) => void;
}

/**
 * Codes chunks of a farm until the signal fires.
 *
 * @throws InputError if a root does not exist; EnvironmentError if Redis cannot be used.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { redis, signal, onLine, concurrency = 1, lockSeconds = 60 } = options;
  const address = parseRedisAddress(redis);
  const roots = await Roots.of(options.roots);
  const store = openStore(options.store);
  await using codecs = new KeptCodecs(concurrency);
  await using downloads = new Downloads(options.urls ?? []);
  await using queue = await FarmQueue.connect(address);
  const active = new Map<string, AbortController>();
  await queue.listenForCancels((hash) => active.get(hash)?.abort());
  const process = async (job: ChunkJob): Promise<void> => {
    const started = performance.now();
    let name = 'a chunk';
    try {
      const { hash } = readJob(job.data);
      name = `chunk ${hash.slice(0, 12)}`;
      const controller = new AbortController();
      active.set(hash, controller);
      try {
        const frames = await codeJob(hash, job, {
          ...options,
          store,
          roots,
          downloads,
          codecs,
          signal: controller.signal,
        });
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        onLine(frames === null ? `${name}: was done already` : `${name}: ${frames} frames in ${seconds} s`);
      } finally {
        active.delete(hash);
      }
    } catch (error) {
      const reason = describe(error);
      onLine(`${name}: ${reason}`);
      if (error instanceof CancelledError) throw error;
      // Only this text goes through Redis, without a stack or a cause.
      const plain = new Error(reason);
      plain.stack = '';
      throw plain;
    }
  };
  const worker = await queue.work(process, { concurrency, lockSeconds });
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  onLine(`takes chunks from Redis at ${address.name}, ${concurrency} at a time`);
  if (!signal.aborted) await new Promise((fulfil) => signal.addEventListener('abort', fulfil, { once: true }));
  if (active.size > 0) onLine(`finishes ${active.size} ${active.size === 1 ? 'chunk' : 'chunks'} before it ends`);
  await worker.close();
}

/** Codes a chunk and puts its result into the store; returns its number of frames, or null if it was there already. */
async function codeJob(
  hash: string,
  job: Pick<ChunkJob, 'updateProgress'>,
  work: Omit<WorkerOptions, 'store' | 'roots'> & {
    readonly store: ChunkStore;
    readonly roots: Roots;
    readonly downloads: Downloads;
    readonly codecs: KeptCodecs;
  },
): Promise<number | null> {
  const { store, roots, downloads, codecs, memory = Infinity, concurrency = 1, signal, pack, device, threads } = work;
  const text = await store.read(hash, 'json');
  if (text === null) throw new InputError('its description is not in the store of this worker: is it the same folder?');
  const spec = parseSpecText(Buffer.from(text).toString());
  if (hashOf(spec) !== hash) throw new InputError('its description is not the one of its hash');
  const done = await store.read(hash, 'tsr');
  if (done !== null && (await isIntact(packetsOf(done, spec)))) return null;
  const needed = memoryOfEncoder(spec);
  if (needed > memory) {
    throw new InputError(
      `${spec.width}x${spec.height} needs about ${Math.ceil(needed / 2 ** 20)} MB, more than this worker may use`,
    );
  }
  const { path: place } = spec.source;
  const path = isUrl(place) ? await downloads.fetch(place, signal) : await roots.resolve(place);
  let frames = 0;
  let reported = 0;
  let last = performance.now();
  const { stream, coded } = await codeSpec(
    { ...spec, source: { ...spec.source, path } },
    {
      searchThreads: work.searchThreads ?? Math.max(1, Math.floor(availableParallelism() / concurrency)),
      ...(pack === undefined ? {} : { pack }),
      ...(device === undefined ? {} : { device }),
      ...(threads === undefined ? {} : { threads }),
      ...{ codecs, signal },
      onFrame: () => {
        frames++;
        const now = performance.now();
        if (now - last < PROGRESS_MS || frames < reported + spec.frames.length / MOST_REPORTS) return;
        last = now;
        reported = frames;
        job.updateProgress(frames).catch(() => undefined);
      },
    },
  );
  await store.write(hash, 'qualities', Buffer.from(qualitiesText(coded)));
  await store.write(hash, 'tsr', stream);
  return spec.frames.length;
}

async function isIntact(packets: Promise<unknown>): Promise<boolean> {
  try {
    await packets;
    return true;
  } catch (error) {
    if (error instanceof BitstreamError) return false;
    throw error;
  }
}

function readJob(data: unknown): { readonly hash: string } {
  const checked = jobSchema.safeParse(data);
  if (!checked.success) throw new InputError('the queue holds a job that is not a chunk');
  return checked.data;
}

function describe(error: unknown): string {
  if (error instanceof TesseraError) return error.message;
  return `internal error: ${error instanceof Error ? error.message : String(error)}`;
}
