/** What is left out because the machine cannot keep up; each level includes those before. */
export const KEEPS_UP = 0;
export const WITHOUT_FILTER = 1;
export const WITHOUT_UNREFERENCED = 2;
export const EVERY_SECOND = 3;

const WINDOW_MS = 1000;
/** The share of dropped pictures that is too much, and the least number of them. */
const TOO_MANY = 0.1;
const LEAST = 3;
/** After this number of windows without a dropped picture, the machine is quick enough for more. */
const GOOD_WINDOWS = 6;

/** Decides from shown and dropped pictures whether the machine keeps up. */
export class LoadMonitor {
  #shown = 0;
  #dropped = 0;
  #start: number | null = null;
  #good = 0;

  /** Forgets what was: after a start, a seek, or a change of level. */
  reset(): void {
    this.#shown = this.#dropped = this.#good = 0;
    this.#start = null;
  }

  /**
   * Takes what happened since the last call. Returns `slow` if too many pictures were dropped, `quick` after some time
   * without any.
   *
   * @param now milliseconds.
   */
  note(now: number, shown: number, dropped: number): 'slow' | 'quick' | null {
    this.#start ??= now;
    this.#shown += shown;
    this.#dropped += dropped;
    if (now - this.#start < WINDOW_MS) return null;
    const isSlow = this.#dropped >= LEAST && this.#dropped > TOO_MANY * (this.#shown + this.#dropped);
    this.#good = this.#dropped === 0 ? this.#good + 1 : 0;
    this.#shown = this.#dropped = 0;
    this.#start = now;
    if (isSlow) return 'slow';
    if (this.#good < GOOD_WINDOWS) return null;
    this.#good = 0;
    return 'quick';
  }
}
