import type { Frame } from '../frame.js';

/** A video that is being written. Disposing it before {@link VideoSink.finish} removes what was written so far. */
export interface VideoSink extends AsyncDisposable {
  /**
   * Notes on everything that the output cannot hold unchanged, one line each. Complete after {@link VideoSink.finish}.
   */
  readonly notes: readonly string[];
  /**
   * Takes the next frame in display order; resolves when the sink can take another frame.
   *
   * @throws InputError if its size is not the video's; EnvironmentError
   */
  write(frame: Frame): Promise<void>;
  /** Writes the rest and gives the output its final name. */
  finish(): Promise<void>;
  /** Removes what was written so far; does nothing after {@link VideoSink.finish}. */
  abort(): Promise<void>;
}
