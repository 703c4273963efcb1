import type { PipelineFrame } from './frame-pipeline.js';

/** A picture that waits, with its time in seconds. A loop counts its laps. */
export interface Waiting {
  readonly frame: PipelineFrame;
  readonly time: number;
  readonly end: number;
  readonly lap: number;
}

/** Decoding from one place on: the pictures that are decoded and wait to be shown, in order. */
export class DecodingRun {
  readonly #abort = new AbortController();
  readonly #limit: number;
  readonly #queue: Waiting[] = [];
  #onRoom: (() => void) | null = null;
  /** Pictures that end at or before this tick are not shown; null: all are shown. */
  target: bigint | null;
  /** True until the picture at the target is shown. */
  awaitsFirst = true;
  /** Time of the last picture that was decoded; seconds. */
  decodedUntil: number;
  /** The lap of the pictures that are decoded now. */
  lap = 0;
  /** True: nothing more comes. */
  isComplete = false;

  /**
   * @param target see {@link target}.
   * @param from the time of the target, seconds.
   * @param limit the number of pictures that wait at most.
   */
  constructor(target: bigint | null, from: number, limit: number) {
    this.target = target;
    this.decodedUntil = from;
    this.#limit = limit;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isAborted(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Pictures that wait. */
  get queue(): readonly Waiting[] {
    return this.#queue;
  }

  /** Adds a picture. */
  push(waiting: Waiting): void {
    this.#queue.push(waiting);
  }

  /** Takes the next picture, which the caller closes. */
  shift(): Waiting | undefined {
    const next = this.#queue.shift();
    this.#wake();
    return next;
  }

  /** Takes the next pictures away. */
  skip(count: number): void {
    for (const { frame } of this.#queue.splice(0, count)) frame.close();
    this.#wake();
  }

  /** Resolves when there is room for a picture, or when the run is aborted. */
  async room(): Promise<void> {
    while (this.#queue.length >= this.#limit && !this.isAborted) {
      await new Promise<void>((resolve) => (this.#onRoom = resolve));
    }
  }

  /** Stops decoding; the pictures that wait are lost. */
  abort(): void {
    this.#abort.abort();
    this.skip(this.#queue.length);
  }

  #wake(): void {
    this.#onRoom?.();
    this.#onRoom = null;
  }
}
