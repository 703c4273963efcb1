/** What the syntax and the reconstruction of a frame need from its packet head (FORMAT.md section 2). */
export interface FrameHead {
  readonly kind: 'key' | 'inter';
  /** Quality index, 0..63. */
  readonly q: number;
  /** Slots that the frame predicts from; null if unused. */
  readonly reference0: number | null;
  readonly reference1: number | null;
  /** Slot that the loop picture fills, or null. */
  readonly fills: number | null;
  /** Luma interpolation filter, 0..3. */
  readonly interpolation: number;
  readonly hasQOffsets: boolean;
  readonly hasLoopFilter: boolean;
  /** Presentation time in ticks: vectors are stretched to distances in time. */
  readonly pts: bigint;
}
