/** What is left out because the machine cannot keep up; each level includes those before. */
export const KEEPS_UP = 0;
export const WITHOUT_FILTER = 1;
export const WITHOUT_UNREFERENCED = 2;
export const EVERY_SECOND = 3;

const WINDOW_MS = 1000;
/** The share of dropped pictures that is too much, and the least number of them. */
const TOO_MANY = 0.1;
const LEAST = 3;

/** Decides from shown and dropped pictures whether the machine keeps up. */
export class LoadMonitor {
  #shown = 0;
  #dropped = 0;
  #start: number | null = null;

  /** Forgets what was: after a start, a seek, or a change of level. */
  reset(): void {
    this.#shown = this.#dropped = 0;
    this.#start = null;
  }

  /**
   * Takes what happened since the last call. Returns true if the machine does not keep up.
   *
   * @param now milliseconds.
   */
  note(now: number, shown: number, dropped: number): boolean {
    this.#start ??= now;
    this.#shown += shown;
    this.#dropped += dropped;
    if (now - this.#start < WINDOW_MS) return false;
    const isLate = this.#dropped >= LEAST && this.#dropped > TOO_MANY * (this.#shown + this.#dropped);
    this.reset();
    return isLate;
  }
}
