/** A number of frames done, and when. */
interface Mark {
  readonly frames: number;
  readonly seconds: number;
}

/** An estimate rests on so many seconds and frames at least. */
const LEAST_SECONDS = 1;
const LEAST_FRAMES = 4;
/** The beginning counts as long as the work lasts less than this, seconds. */
const SETTLED_SECONDS = 5;
/** Frames between two marks at least, so that the costs of different kinds of frames level out. */
const MARK_FRAMES = 16;

/**
 * Estimates how long the frames that are left will take, from the frames that are done. What comes before the first
 * frame (loading, look-ahead) says nothing about the speed, so time is counted from there. The speed is that of the
 * later half of the work at least, and of three quarters at most.
 */
export class TimeLeft {
  readonly #totalFrames: number | null;
  #first: Mark | null = null;
  /** The speed is measured from here. */
  #from: Mark | null = null;
  /** Takes the place of `from` when as much time has passed behind it as before it. */
  #next: Mark | null = null;

  /** @param totalFrames frames there will be; null if unknown. */
  constructor(totalFrames: number | null) {
    this.#totalFrames = totalFrames;
  }

  /** Notes how many frames are done at a time, in seconds since any moment. */
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

  /** Seconds left at a time, after `frames` frames; null until it can be told. */
  read(frames: number, seconds: number): number | null {
    if (this.#totalFrames === null || this.#from === null) return null;
    const left = Math.max(0, this.#totalFrames - frames);
    if (left === 0) return 0;
    const done = frames - this.#from.frames;
    const elapsed = seconds - this.#from.seconds;
    return done < LEAST_FRAMES || elapsed < LEAST_SECONDS ? null : (left * elapsed) / done;
  }
}
