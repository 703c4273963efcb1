import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { availableParallelism } from 'node:os';
import type { ReadyClip } from './clip-store.js';
import { JobFailure, runStageProcess } from './jobs/run-stage-process.js';
import { pickFrames, picturePath } from './pictures.js';
import type { Job } from './plan.js';
import type { BenchJob } from './results.js';

/** The options of a job. */
export interface JobOptions {
  /** Folder of the results. */
  readonly folder: string;
  readonly keyint: number;
  /** Jobs that run at once; with more than one no times are taken. */
  readonly jobsAtOnce: number;
  readonly pictures: number;
  readonly signal: AbortSignal;
}

/**
 * Codes a clip, decodes it, measures it: each in a process of its own.
 *
 * @param ready gives the clip; a JobFailure of it becomes the job's.
 * @throws EnvironmentError if the disk is full; CancelledError. Any other failure becomes a failed row.
 */
export async function runJob(
  job: Job,
  ready: () => Promise<ReadyClip>,
  file: string,
  options: JobOptions,
): Promise<BenchJob> {
  const key = { clip: job.clip.name, codec: job.codec.name, setting: job.setting, command: job.command };
  try {
    return { status: 'done', ...key, ...(await runStages(job, await ready(), file, options)) };
  } catch (error) {
    if (error instanceof JobFailure) return { status: 'failed', ...key, reason: error.message };
    throw error;
  } finally {
    await rm(file, { force: true });
  }
}

type Outcome = Omit<Extract<BenchJob, { status: 'done' }>, 'status' | 'clip' | 'codec' | 'setting' | 'command'>;

async function runStages(job: Job, ready: ReadyClip, file: string, options: JobOptions): Promise<Outcome> {
  const { folder, keyint, jobsAtOnce, pictures, signal } = options;
  const { clip, seconds, metrics } = ready;
  const frames = clip.times.length;
  const common = { codec: job.codec.name, framesFile: clip.framesFile, setting: job.setting, keyint, file };
  const isTimed = jobsAtOnce === 1;
  const encode = await runStageProcess<'encode'>({ stage: 'encode', ...common }, signal);
  const decode = isTimed ? await runStageProcess<'decode'>({ stage: 'decode', ...common }, signal) : null;
  const kept = [];
  for (const frame of pickFrames(frames, pictures)) {
    const names = [job.clip.name, job.codec.name, String(job.setting)];
    kept.push({ frame, file: await picturePath(folder, names, frame) });
  }
  const threads = Math.max(1, Math.floor(availableParallelism() / jobsAtOnce));
  const toKeep = kept.map((picture) => ({ frame: picture.frame, path: join(folder, picture.file) }));
  const measured = await runStageProcess<'measure'>(
    { stage: 'measure', ...common, metrics, threads, pictures: toKeep },
    signal,
  );
  if (measured.payloadBits <= 0) throw new JobFailure('the file holds no coded pictures');
  const { width, height } = clip.properties;
  return {
    frames,
    payloadBits: measured.payloadBits,
    fileBytes: measured.fileBytes,
    bitsPerPixel: measured.payloadBits / (width * height * frames),
    kilobitsPerSecond: measured.payloadBits / seconds / 1000,
    encode: isTimed ? encode : null,
    decode,
    metrics: measured.metrics,
    pictures: kept,
  };
}
