/** The encoder's goal: visible quality as LPIPS measures it, or the lowest squared error. */
export type Tune = 'lpips' | 'psnr';

/** How much time an encoder spends on decisions, from the most to the least. */
export type Preset = 'slow' | 'medium' | 'fast' | 'faster' | 'realtime';

/** All presets, from the slowest to the fastest. */
export const PRESETS: readonly Preset[] = ['slow', 'medium', 'fast', 'faster', 'realtime'];

/** Options for encoding a sequence. */
export interface SequenceOptions {
  /** Base quality index, 0..63; frames that later frames depend on get a higher index. */
  readonly quality: number;
  /** The largest distance between key frames, in frames, at least 1. */
  readonly keyint: number;
  readonly tune: Tune;
  /** Default: medium. */
  readonly preset?: Preset | undefined;
  /** How much of the post-filter's change decoders take away, 0..3. Default: the encoder chooses on each key frame. */
  readonly attenuation?: number | undefined;
  /** The number of threads that decide a frame, at least 1. Default: one per core, four at most. */
  readonly searchThreads?: number | undefined;
  /** True: the sequence is one chunk, in which only the first frame is a key frame. Default: false. */
  readonly isChunk?: boolean | undefined;
  /** Whether the stream is resilient (FORMAT.md section 7). Default: false. */
  readonly isResilient?: boolean | undefined;
}
