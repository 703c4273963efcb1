/** Progress of a row that will never be decided. */
const FAILED = -1;
/** Places in {@link WavefrontProgress}: the next row that no thread has taken, then how many regions of each row are decided. */
const NEXT_ROW = 0;
const FIRST_ROW = 1;

/** The progress of a frame, [1 + rows], in memory that threads share. */
export type WavefrontProgress = Int32Array<SharedArrayBuffer>;

/** Makes the progress of a frame that nobody has begun: each frame has its own, so that threads may come late. */
export function newProgress(rows: number): WavefrontProgress {
  return new Int32Array(new SharedArrayBuffer(4 * (FIRST_ROW + rows)));
}

/**
 * The order in which threads decide the regions of a frame: each takes the next row, and a region waits for the one above right
 * of it (wavefront parallel processing; Chi et al. 2012, "Parallel scalability and efficiency of HEVC parallelization
 * approaches"). A thread that comes late, because the machine is busy, takes fewer rows or none: nobody waits for it. What is
 * decided does not depend on the number of threads.
 */
export class Wavefront {
  readonly #columns: number;
  readonly #rows: number;
  readonly #progress: WavefrontProgress;

  /**
   * @param columns regions of a row.
   * @param progress shared by the threads.
   */
  constructor(columns: number, progress: WavefrontProgress) {
    this.#columns = columns;
    this.#rows = progress.length - FIRST_ROW;
    this.#progress = progress;
  }

  /**
   * Takes rows until none is left. Visits their regions, each when what is left of it, above it and above right of it is decided.
   *
   * @throws Error if another thread has failed. Errors of `decide` are thrown on and make the other threads fail.
   */
  visit(decide: (row: number, column: number) => void): void {
    for (;;) {
      const row = Atomics.add(this.#progress, NEXT_ROW, 1);
      if (row >= this.#rows) return;
      try {
        for (let column = 0; column < this.#columns; column++) {
          if (row > 0) this.#await(row - 1, Math.min(this.#columns, column + 2));
          decide(row, column);
          this.#tell(row, column + 1);
        }
      } catch (error) {
        for (let below = row; below < this.#rows; below++) this.#tell(below, FAILED);
        throw error;
      }
    }
  }

  /** Waits until the whole frame is decided; throws Error if another thread has failed. */
  awaitAll(): void {
    for (let row = 0; row < this.#rows; row++) this.#await(row, this.#columns);
  }

  #await(row: number, count: number): void {
    for (;;) {
      const done = Atomics.load(this.#progress, FIRST_ROW + row);
      if (done >= count) return;
      if (done === FAILED) throw new Error('another thread of the encoder has failed');
      Atomics.wait(this.#progress, FIRST_ROW + row, done);
    }
  }

  #tell(row: number, done: number): void {
    Atomics.store(this.#progress, FIRST_ROW + row, done);
    Atomics.notify(this.#progress, FIRST_ROW + row);
  }
}
