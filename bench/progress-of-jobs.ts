import type { BenchOptions, BenchProgress } from './bench-options.js';

/** Counts jobs and estimates the remaining time from finished jobs of the same codec. */
export class ProgressOfJobs {
  readonly #totalJobs: number;
  readonly #jobsAtOnce: number;
  readonly #onProgress: BenchOptions['onProgress'];
  readonly #seconds = new Map<string, { sum: number; count: number }>();
  /** Jobs that have not ended, by codec. */
  readonly #left: Map<string, number>;
  #done: number;
  #failed = 0;

  /** @param waiting codecs of the jobs that are still to be done. */
  constructor(
    totalJobs: number,
    waiting: readonly string[],
    jobsAtOnce: number,
    onProgress: BenchOptions['onProgress'],
  ) {
    this.#totalJobs = totalJobs;
    this.#jobsAtOnce = jobsAtOnce;
    this.#onProgress = onProgress;
    this.#done = totalJobs - waiting.length;
    this.#left = new Map();
    for (const codec of waiting) this.#left.set(codec, (this.#left.get(codec) ?? 0) + 1);
  }

  /** Starts a job; pass the result to {@link end}. */
  begin(codec: string, name: string): { readonly codec: string; readonly name: string; readonly startMs: number } {
    this.#tell(name);
    return { codec, name, startMs: performance.now() };
  }

  /** A job has ended. */
  end({ codec, name, startMs }: ReturnType<ProgressOfJobs['begin']>, hasFailed: boolean): void {
    this.#done++;
    this.#left.set(codec, (this.#left.get(codec) ?? 1) - 1);
    if (hasFailed) this.#failed++;
    else {
      const { sum, count } = this.#seconds.get(codec) ?? { sum: 0, count: 0 };
      this.#seconds.set(codec, { sum: sum + (performance.now() - startMs) / 1000, count: count + 1 });
    }
    this.#tell(name);
  }

  #tell(current: string): void {
    this.#onProgress?.({
      jobs: this.#done,
      totalJobs: this.#totalJobs,
      failedJobs: this.#failed,
      secondsLeft: this.#secondsLeft(),
      current,
    } satisfies BenchProgress);
  }

  #secondsLeft(): number | null {
    const known = [...this.#seconds.values()];
    const jobs = known.reduce((all, { count }) => all + count, 0);
    if (jobs === 0) return null;
    const mean = known.reduce((all, { sum }) => all + sum, 0) / jobs;
    let seconds = 0;
    for (const [codec, left] of this.#left) {
      const own = this.#seconds.get(codec);
      seconds += left * (own === undefined ? mean : own.sum / own.count);
    }
    return seconds / this.#jobsAtOnce;
  }
}
