/** One coding of a chunk, and its measured quality. */
export interface Probe {
  readonly quality: number;
  readonly value: number;
  readonly bytes: number;
}

/** What was decided for a chunk: a key frame and the frames up to the next one. */
export interface ChunkReport {
  readonly frames: number;
  /** Seconds from the start of the video. */
  readonly start: number;
  /** Bytes of its packets. */
  readonly bytes: number;
  /** Mean of the qualities of its frames, before what later frames depend on is added. */
  readonly quality: number;
  /** With a target: all codings of the chunk, the chosen one last; its `value` is the reached one. */
  readonly probes: readonly Probe[];
}

/** How an aim was reached. */
export interface RateReport {
  /** As in the header of the stream: `bitrate=800000`. */
  readonly aim: string;
  /** 1, or 2 if the video was read twice. */
  readonly passes: number;
  /** Bits of packets per second of the video. */
  readonly bitrate: number;
  /** With a target: its metric over all frames. Null without one. */
  readonly reached: number | null;
  /** Empty with one pass. */
  readonly chunks: readonly ChunkReport[];
  /** The number of chunks that were coded again to keep a limit. */
  readonly recodedChunks: number;
}
