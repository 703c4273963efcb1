/** A number of finished frames and its time. */
interface Mark {
  readonly frames: number;
  readonly seconds: number;
}

/** An estimate needs at least this number of seconds and frames. */
const LEAST_SECONDS = 1;
const LEAST_FRAMES = 4;
/** The start is part of the measurement as long as the work takes less than this, in seconds. */
const SETTLED_SECONDS = 5;
/** The smallest number of frames between two marks, so that the costs of different kinds of frames average out. */
const MARK_FRAMES = 16;

/**
 * Estimates the time for the remaining frames from the finished frames. Time counts from the first frame, because the
 * time before it (loading, look-ahead) does not depend on the speed. The speed is measured over the last half to three
 * quarters of the work.
 */
export class TimeLeft {
  readonly #totalFrames: number | null;
  #first: Mark | null = null;
  /** The speed is measured from here. */
  #from: Mark | null = null;
  /** Replaces `from` when as much time has passed after it as before it. */
  #next: Mark | null = null;

  /** @param totalFrames the total number of frames; null if unknown. */
  constructor(totalFrames: number | null) {
    this.#totalFrames = totalFrames;
  }

  /** Records the number of finished frames at a time, in seconds since any moment. */
  update(frames: number, seconds: number): void {
    const mark = { frames, seconds };
    if (this.#first === null || this.#from === null) {
      if (frames > 0) this.#first = this.#from = mark;
      return;
    }
    const elapsed = seconds - this.#first.seconds;
    if (this.#next === null) {
      if (elapsed >= SETTLED_SECONDS && frames - this.#first.frames >= MARK_FRAMES) this.#next = mark;
    } else if (elapsed >= 2 * (this.#next.seconds - this.#first.seconds) && frames - this.#next.frames >= MARK_FRAMES) {
      this.#from = this.#next;
      this.#next = mark;
    }
  }

  /** Returns the remaining seconds at a time, after `frames` frames; null if there is no estimate yet. */
  read(frames: number, seconds: number): number | null {
    if (this.#totalFrames === null || this.#from === null) return null;
    const left = Math.max(0, this.#totalFrames - frames);
    if (left === 0) return 0;
    const done = frames - this.#from.frames;
    const elapsed = seconds - this.#from.seconds;
    return done < LEAST_FRAMES || elapsed < LEAST_SECONDS ? null : (left * elapsed) / done;
  }
}
