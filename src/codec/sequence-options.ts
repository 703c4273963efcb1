/** The encoder's goal: visible quality as LPIPS measures it, or the lowest squared error. */
export type Tune = 'lpips' | 'psnr';

/** How a sequence is to be encoded. */
export interface SequenceOptions {
  /** Base quality index, 0..63; frames that later ones depend on get more. */
  readonly quality: number;
  /** Frames from one key frame to the next at most, at least 1. */
  readonly keyint: number;
  readonly tune: Tune;
}
