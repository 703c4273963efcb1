import type { Sound } from './sound.js';

/** The time that is shown: that of the sound where there is some, else that of the machine. */
export class PlaybackClock {
  /** Seconds; while the clock runs, those of its start. */
  #time = 0;
  /** When the clock was started, milliseconds; null while it stands. */
  #startedAt: number | null = null;
  /** Seconds of the stream per second. */
  #rate = 1;
  /** The sound that gives the time; null: the machine. */
  #sound: Sound | null = null;

  /** Seconds. */
  get now(): number {
    if (this.#startedAt === null) return this.#time;
    return this.#sound?.time ?? this.#time + (this.#rate * (performance.now() - this.#startedAt)) / 1000;
  }

  get isRunning(): boolean {
    return this.#startedAt !== null;
  }

  get usesSound(): boolean {
    return this.#sound !== null;
  }

  /** Sets the time of a clock that stands. */
  set(seconds: number): void {
    this.#time = seconds;
  }

  /**
   * Starts the clock, and the sound with it.
   *
   * @param sound null: none is heard.
   */
  start(sound: Sound | null, rate: number): void {
    this.#startedAt = performance.now();
    this.#rate = rate;
    this.#sound = sound;
    sound?.start(this.#time);
  }

  /** Stops clock and sound. */
  stop(): void {
    if (this.#startedAt === null) return;
    this.#time = this.now;
    this.#startedAt = null;
    this.#sound?.stop();
    this.#sound = null;
  }
}
