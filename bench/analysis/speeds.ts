import type { DoneJob, JobCost, Results } from '../results.js';
import { doneJobs } from './curves.js';
import type { CodecSpeed, Speed } from './types.js';

/** Speed and memory of every codec, both directions. */
export function speedsOf(results: Results): CodecSpeed[] {
  return results.codecs.map(({ name: codec }) => {
    const jobs = doneJobs(results).filter((job) => job.codec === codec);
    return {
      codec,
      encode: speedOf(jobs, ({ encode }) => encode, results.settings.jobs),
      decode: speedOf(jobs, ({ decode }) => decode, results.settings.jobs),
    };
  });
}

function speedOf(
  jobs: readonly DoneJob[],
  costOf: (job: DoneJob) => JobCost | null,
  atOnce: number,
): Speed | { readonly reason: string } {
  const timed = jobs.flatMap((job) => {
    const cost = costOf(job);
    return cost === null ? [] : [{ setting: job.setting, frames: job.frames, cost }];
  });
  if (timed.length === 0) {
    if (jobs.length === 0) return { reason: 'no job of this codec went well' };
    return { reason: atOnce > 1 ? `${atOnce} jobs ran at once: no times were taken` : 'no times were taken' };
  }
  const rate = (some: typeof timed): number =>
    sum(some, ({ frames }) => frames) / sum(some, (job) => job.cost.wallSeconds);
  const settings = [...new Set(timed.map(({ setting }) => setting))];
  const bySetting = settings.map((setting) => rate(timed.filter((job) => job.setting === setting)));
  return {
    framesPerSecond: rate(timed),
    slowest: Math.min(...bySetting),
    fastest: Math.max(...bySetting),
    cpuSecondsPerFrame: sum(timed, ({ cost }) => cost.cpuSeconds) / sum(timed, ({ frames }) => frames),
    peakBytes: Math.max(...timed.map(({ cost }) => cost.peakBytes)),
  };
}

function sum<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((total, item) => total + valueOf(item), 0);
}
