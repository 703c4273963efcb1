import type { Frame, VideoProperties } from '../frame.js';
import type { SideTracks } from '../side/side-tracks.js';

/** Options of {@link VideoSource.frames}. */
export interface FramesOptions {
  /** Stops the iteration with a CancelledError. */
  readonly signal?: AbortSignal | undefined;
}

/** A video that is open for reading, whatever it is kept in. Dispose it to let go of files and memory. */
export interface VideoSource extends AsyncDisposable {
  readonly properties: VideoProperties;
  /** Number of frames as the container tells or its duration lets expect; null if unknown. */
  readonly frameCountHint: number | null;
  /** Duration in seconds as the container tells; null if unknown. */
  readonly durationHint: number | null;
  /**
   * What was changed on the way to 8-bit 4:2:0 frames with increasing time stamps, one line each. Complete after the
   * last frame.
   */
  readonly notes: readonly string[];
  /**
   * The frames in display order, each read only when it is asked for. Can be called once.
   *
   * @throws InputError if the file is damaged; CancelledError if the signal fires
   */
  frames(options?: FramesOptions): AsyncGenerator<Frame, void, undefined>;
  /**
   * Everything but the first video track, for the side section of a `.tsr` file; null if there is nothing. May be
   * called before or after the frames are read. The caller disposes it.
   */
  side(): Promise<SideTracks | null>;
}
