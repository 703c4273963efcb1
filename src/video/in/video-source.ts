import type { Frame, VideoProperties } from '../frame.js';
import type { SideTracks } from '../side/side-tracks.js';

/** Options of {@link VideoSource.frames}. */
export interface FramesOptions {
  /** Stops the iteration with a CancelledError. */
  readonly signal?: AbortSignal | undefined;
}

/** A video that is open for reading. Dispose it to free its files and memory. */
export interface VideoSource extends AsyncDisposable {
  readonly properties: VideoProperties;
  /** The number of frames, from the container or estimated from its duration; null if unknown. */
  readonly frameCountHint: number | null;
  /** The duration in seconds, from the container; null if unknown. */
  readonly durationHint: number | null;
  /**
   * The changes made to get 8-bit 4:2:0 frames with increasing time stamps, one line each. Complete after the last
   * frame.
   */
  readonly notes: readonly string[];
  /**
   * Yields the frames in display order. Reads each frame only when the caller asks for it. Can be called once. The buffers of
   * a frame belong to the caller; its planes may share one.
   *
   * @throws InputError if the file is damaged; CancelledError if the signal fires
   */
  frames(options?: FramesOptions): AsyncGenerator<Frame, void, undefined>;
  /**
   * Makes {@link frames} begin at a picture shortly before a time, so that not all pictures before it must be decoded; call
   * it before {@link frames}. Where a file is damaged or its times were repaired, frames can differ from those of reading from
   * the start.
   *
   * @param pts a time in ticks of `properties.timeBase`.
   * @returns false if frames begin at the start as ever, because the source cannot be searched.
   */
  seek(pts: bigint): Promise<boolean>;
  /**
   * Everything except the decoded video track, for the side data of a `.tsr` file; null if there is nothing. May be
   * called before or after the frames are read. The caller disposes it.
   */
  side(): Promise<SideTracks | null>;
}
