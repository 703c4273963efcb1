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
  /** Whether the stream is resilient (FORMAT.md section 7). Default: false. */
  readonly isResilient?: boolean | undefined;
}
