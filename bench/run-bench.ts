import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CancelledError } from '../src/errors.js';
import { writeFileSafely, describeWriteError } from '../src/io/temporary-file.js';
import type { BenchJobPlan, BenchOptions, BenchSummary } from './bench-options.js';
import { ClipStore } from './clip-store.js';
import { lockFolder } from './folder-lock.js';
import { Journal, type RunKey } from './journal.js';
import { describeMachine } from './machine.js';
import { listJobs, planBench, type BenchPlan, type Job } from './plan.js';
import { ProgressOfJobs } from './progress-of-jobs.js';
import { RESULTS_VERSION, resultsSchema, type BenchJob, type Results } from './results.js';
import { runJob } from './run-job.js';

const WORK_FOLDER = '.work';
const RESULTS_FILE = 'results.json';

/**
 * Runs a benchmark: codes every clip with every codec at every setting, measures what comes of it, and writes
 * `results.json` into the folder. What is found out is kept at once: the same call goes on where a run was cut off. A
 * job that fails is a row with its reason.
 *
 * @throws InputError, EnvironmentError, ModelError if the run makes no sense, cannot be done on this machine, or the
 * folder holds another one; CancelledError.
 */
export async function runBench(options: BenchOptions): Promise<BenchSummary> {
  const start = performance.now();
  const { folder, restart = false } = options;
  const plan = await planBench(options);
  for (const line of plan.leftOut) options.onNote?.(line);
  await using _lock = await lockFolder(folder);
  if (restart) await clear(folder);
  await using journal = await Journal.open(folder, keyOf(plan), describeMachine(), restart);
  await runJobs(plan, journal, options);
  const results = assemble(plan, journal);
  const resultsFile = join(folder, RESULTS_FILE);
  const text = Buffer.from(`${JSON.stringify(results, null, 1)}\n`);
  await writeFileSafely(resultsFile, Readable.from([text]), { overwrite: true });
  return {
    resultsFile,
    jobs: results.jobs.length,
    failedJobs: results.jobs.flatMap((job) =>
      job.status === 'failed' ? [{ clip: job.clip, codec: job.codec, setting: job.setting, reason: job.reason }] : [],
    ),
    seconds: (performance.now() - start) / 1000,
  };
}

/**
 * Returns the plan of a run. It reads the clips' properties and finds the codecs, but writes nothing.
 *
 * @throws as {@link runBench}.
 */
export async function listBenchJobs(options: Omit<BenchOptions, 'folder'>): Promise<BenchJobPlan[]> {
  const plan = await planBench({ ...options, folder: '' });
  for (const line of plan.leftOut) options.onNote?.(line);
  return listJobs(plan);
}

/** Removes the files of another run. */
async function clear(folder: string): Promise<void> {
  for (const name of ['pictures', RESULTS_FILE]) await rm(join(folder, name), { recursive: true, force: true });
}

/** Everything that decides the results, times aside. */
function keyOf({ clips, codecs, settings, pictures, versions }: BenchPlan): RunKey {
  return {
    versions,
    cores: availableParallelism(),
    clips: clips.map(({ name, file, sha256 }) => ({ name, file, sha256 })),
    codecs,
    ...settings,
    pictures,
  };
}

/** Does all jobs that the journal has not as done; those that failed are tried again. */
async function runJobs(plan: BenchPlan, journal: Journal, options: BenchOptions): Promise<void> {
  const { folder, jobs: jobsAtOnce = 1, onNote } = options;
  const waiting = plan.jobs.filter((job) => journaled(journal, job)?.status !== 'done');
  const progress = new ProgressOfJobs(
    plan.jobs.length,
    waiting.map(({ codec }) => codec.name),
    jobsAtOnce,
    options.onProgress,
  );
  const workFolder = join(folder, WORK_FOLDER);
  await rm(workFolder, { recursive: true, force: true });
  if (waiting.length === 0) return;
  await mkdir(workFolder, { recursive: true }).catch((error: unknown) => {
    throw describeWriteError(error, workFolder);
  });
  // An error that no retry can solve stops all jobs.
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const { metrics, keyint } = plan.settings;
  const { pictures } = plan;
  const store = new ClipStore(
    { folder, workFolder, metrics, pictures, journal, signal, onNote: (note) => onNote?.(note) },
    waiting,
  );
  const queue = waiting.entries();
  const work = async (): Promise<void> => {
    for (const [index, job] of queue) {
      const name = `${job.clip.name} ${job.codec.name}@${job.setting}`;
      const begin = progress.begin(job.codec.name, name);
      const file = join(workFolder, `${index}.coded`);
      const options = { folder, keyint, jobsAtOnce, pictures, signal };
      const row = await runJob(job, () => store.take(job.clip), file, options);
      await journal.addJob(row);
      await store.letGo(job.clip);
      if (row.status === 'failed') onNote?.(`${name} failed: ${row.reason}`);
      progress.end(begin, row.status === 'failed');
    }
  };
  try {
    const workers = Array.from({ length: jobsAtOnce }, () =>
      work().catch((error: unknown) => {
        stop.abort();
        throw error;
      }),
    );
    const ends = await Promise.allSettled(workers);
    // The first failure is the cause of the others.
    const failed = ends.filter((end): end is PromiseRejectedResult => end.status === 'rejected');
    const cause = failed.find(({ reason }) => !(reason instanceof CancelledError)) ?? failed[0];
    if (cause !== undefined) throw cause.reason;
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

function journaled(journal: Journal, { clip, codec, setting }: Job): BenchJob | undefined {
  return journal.job(clip.name, codec.name, setting);
}

/** Returns the journal's results in the order of the plan. */
function assemble(plan: BenchPlan, journal: Journal): Results {
  const { settings, versions, command, codecs } = plan;
  return resultsSchema.parse({
    format: 'tessera-bench',
    version: RESULTS_VERSION,
    createdAt: journal.createdAt,
    command,
    machine: journal.machine,
    versions,
    settings,
    leftOut: [...plan.leftOut],
    clips: plan.clips.map(({ name }) => journal.clip(name)),
    codecs,
    jobs: plan.jobs.map((job) => journaled(journal, job)),
  } satisfies Record<keyof Results, unknown>);
}
