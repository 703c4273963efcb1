import { availableParallelism, freemem, totalmem } from 'node:os';
import { checkInteger } from '../../codec/check-integer.js';
import type { ChunkCoders, ChunkedVideo } from './chunk-coders.js';
import { KeptCodecs } from './kept-codecs.js';
import { codeTask } from './code-task.js';

/** More chunks at a time than this gain nothing: reading the source and finding key frames take one thread. */
const MOST_JOBS = 16;
/** Memory that an encoder needs: a fixed part, and frames that wait and reference pictures, in luma samples. */
const ENCODER_BYTES = 150 << 20;
const FRAMES_PER_ENCODER = 64;
/** Share of the memory to use at most. */
const MEMORY_SHARE = 0.5;

/** How to code chunks on this machine. */
export interface LocalChunksOptions {
  /** The number of chunks to code at a time, 1..16. Default: one per core, as far as the memory allows. */
  readonly jobs?: number;
}

/** Codes several chunks at a time on this machine; search of each has its share of the cores. */
export function localChunks({ jobs }: LocalChunksOptions = {}): ChunkCoders {
  if (jobs !== undefined) checkInteger('jobs', jobs, 1, MOST_JOBS);
  return {
    open: (video: ChunkedVideo) => {
      const size = jobs ?? defaultJobs(video.properties);
      const searchThreads = Math.max(1, Math.floor(availableParallelism() / size));
      const codecs = new KeptCodecs(size);
      const shared = { ...video, encoder: { searchThreads, ...video.encoder } };
      return Promise.resolve({
        size,
        code: async (task, watch) => {
          const coded = await codeTask(codecs, shared, task, watch);
          return () => Promise.resolve(coded);
        },
        [Symbol.asyncDispose]: () => codecs[Symbol.asyncDispose](),
      });
    },
  };
}

/** The number of chunks to code at a time, for pictures of a size in luma samples. */
export function defaultJobs(
  size: { readonly width: number; readonly height: number },
  cores = availableParallelism(),
  memory = Math.min(freemem(), totalmem() / 2),
): number {
  const each = memoryOfEncoder(size);
  return Math.max(1, Math.min(MOST_JOBS, cores, Math.floor((MEMORY_SHARE * memory) / each)));
}

/** About the bytes of memory that coding a chunk takes. */
export function memoryOfEncoder({ width, height }: { readonly width: number; readonly height: number }): number {
  return ENCODER_BYTES + FRAMES_PER_ENCODER * 1.5 * width * height;
}
