import { TimeLeft } from './time-left.js';

/**
 * The progress of a long call. `onProgress` gets this plain data when the work starts, a few times per second, and once
 * at the end.
 */
export interface Progress {
  /** The number of frames done. */
  readonly frames: number;
  /** The total number of frames, from the input; null if unknown. */
  readonly totalFrames: number | null;
  /** Bytes of the `.tsr` stream written or read for these frames. */
  readonly bytes: number;
  /** Bits of packets per luma sample so far. */
  readonly bitsPerPixel: number;
  /** Frames per second since the call began. */
  readonly framesPerSecond: number;
  /**
   * Estimate of the seconds until the end, from the latest frames; null if unknown, or if there are not enough frames
   * yet.
   */
  readonly secondsLeft: number | null;
  /** With several passes: the number of this pass, from 1, and of all. `frames` counts within a pass. */
  readonly pass?: number;
  readonly passes?: number;
  /** With chunks: the number of the chunk in work, from 1, and of its coding. */
  readonly chunk?: number;
  readonly probe?: number;
  /** Expected bytes of the whole stream. */
  readonly expectedBytes?: number;
}

/** Options that all long calls take. */
export interface LongCallOptions {
  /** Ends the call with a CancelledError. The call then removes everything that it wrote. */
  readonly signal?: AbortSignal | undefined;
  /** Gets the progress, at most ten times per second. Must not throw. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Gets information for the user at once: conversions, losses, the device. One line each. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** The progress before the input is open. */
export const NO_PROGRESS: Progress = {
  frames: 0,
  totalFrames: null,
  bytes: 0,
  bitsPerPixel: 0,
  framesPerSecond: 0,
  secondsLeft: null,
};

const INTERVAL_MS = 100;

/** Counts frames and bits and reports them regularly. */
export class ProgressMeter {
  readonly #pixels: number;
  readonly #totalFrames: number | null;
  readonly #onProgress: LongCallOptions['onProgress'];
  readonly #now: () => number;
  readonly #startMs: number;
  readonly #timeLeft: TimeLeft;
  #lastMs: number;
  #frames = 0;
  #packetBytes = 0;
  #bytes = 0;

  /**
   * Reports at once that no frame is done yet.
   *
   * @param pixels luma samples of a frame.
   * @param now a clock, milliseconds.
   */
  constructor(
    pixels: number,
    totalFrames: number | null,
    onProgress: LongCallOptions['onProgress'],
    now: () => number = () => performance.now(),
  ) {
    this.#pixels = pixels;
    this.#totalFrames = totalFrames;
    this.#onProgress = onProgress;
    this.#now = now;
    this.#startMs = now();
    this.#lastMs = this.#startMs - INTERVAL_MS;
    this.#timeLeft = new TimeLeft(totalFrames);
    onProgress?.(this.read());
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (this.#now() - this.#startMs) / 1000;
  }

  /** Frames counted so far. */
  get frames(): number {
    return this.#frames;
  }

  /** Counts the bytes of one packet; `bytes` is the position in the stream after it. */
  addPacket(packetBytes: number, bytes: number): void {
    this.#packetBytes += packetBytes;
    this.#bytes = bytes;
  }

  /** Counts one frame and reports if enough time has passed. */
  addFrame(): void {
    this.#frames++;
    const now = this.#now();
    if (now - this.#lastMs < INTERVAL_MS) return;
    this.#lastMs = now;
    // Not for each frame: if many frames come at once, only the first of them is used.
    this.#timeLeft.update(this.#frames, this.seconds);
    this.#onProgress?.(this.read());
  }

  /** Reports the final figures. */
  finish(bytes = this.#bytes): void {
    this.#bytes = bytes;
    this.#onProgress?.(this.read());
  }

  /** Returns the current figures. */
  read(): Progress {
    const { seconds } = this;
    const framesPerSecond = seconds === 0 ? 0 : this.#frames / seconds;
    return {
      frames: this.#frames,
      totalFrames: this.#totalFrames,
      bytes: this.#bytes,
      bitsPerPixel: bitsPerPixel(this.#packetBytes, this.#frames, this.#pixels),
      framesPerSecond,
      secondsLeft: this.#timeLeft.read(this.#frames, seconds),
    };
  }
}

/** Bits of `bytes` per luma sample of `frames` frames; 0 if there are none. */
export function bitsPerPixel(bytes: number, frames: number, pixels: number): number {
  return frames === 0 ? 0 : (bytes * 8) / (frames * pixels);
}
