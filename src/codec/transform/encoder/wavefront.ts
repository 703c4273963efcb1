/** Progress of a row that will never be decided. */
const FAILED = -1;

/**
 * The order in which threads decide the regions of a frame: each takes every n-th row, and a region waits for the
 * one above right of it (wavefront parallel processing; Chi et al. 2012, "Parallel scalability and efficiency of HEVC
 * parallelization approaches"). What is decided does not depend on the number of threads.
 */
export class Wavefront {
  readonly #columns: number;
  readonly #done: Int32Array<SharedArrayBuffer>;
  readonly #thread: number;
  readonly #threads: number;

  /**
   * @param columns regions of a row.
   * @param done [rows], shared by the threads: how many regions of each row are decided; zeros when a frame begins.
   * @param thread number of this thread, from 0.
   */
  constructor(columns: number, done: Int32Array<SharedArrayBuffer>, thread: number, threads: number) {
    this.#columns = columns;
    this.#done = done;
    this.#thread = thread;
    this.#threads = threads;
  }

  /** Whether this thread has any region to visit. */
  get hasRows(): boolean {
    return this.#thread < this.#done.length;
  }

  /**
   * Visits this thread's regions, each when what is left of it, above it and above right of it is decided.
   *
   * @throws Error if another thread has failed. Errors of `decide` are thrown on and make the other threads fail.
   */
  visit(decide: (row: number, column: number) => void): void {
    const rows = this.#done.length;
    try {
      for (let row = this.#thread; row < rows; row += this.#threads) {
        for (let column = 0; column < this.#columns; column++) {
          if (row > 0) this.#awaitAbove(row - 1, column);
          decide(row, column);
          this.#tell(row, column + 1);
        }
      }
    } catch (error) {
      for (let row = this.#thread; row < rows; row += this.#threads) this.#tell(row, FAILED);
      throw error;
    }
  }

  /** Waits until the whole frame is decided; throws Error if another thread has failed. */
  awaitAll(): void {
    for (let row = 0; row < this.#done.length; row++) this.#await(row, this.#columns);
  }

  #awaitAbove(row: number, column: number): void {
    this.#await(row, Math.min(this.#columns, column + 2));
  }

  #await(row: number, count: number): void {
    for (;;) {
      const done = Atomics.load(this.#done, row);
      if (done >= count) return;
      if (done === FAILED) throw new Error('another thread of the encoder has failed');
      Atomics.wait(this.#done, row, done);
    }
  }

  #tell(row: number, done: number): void {
    Atomics.store(this.#done, row, done);
    Atomics.notify(this.#done, row);
  }
}
