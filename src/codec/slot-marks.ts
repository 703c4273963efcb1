import type { FrameHeader } from './frame-header.js';

/** Why a frame is lost or damaged if its own packet is there. */
export const DEPENDS_ON_LOSS = 'a frame it depends on was lost';

/** A prime, so that marks of neighbouring frames differ for all usual durations. */
const MARKS = 251n;

/**
 * The marks of the frames in the reference slots of a resilient stream (FORMAT.md section 7). A packet carries the marks
 * of the frames that it refers to, so a decoder finds out which of them are lost.
 */
export class SlotMarks {
  readonly #marks = new Map<number, number>();
  #keyPts = 0n;

  /** Returns the marks of the frames that a packet refers to, in the order of its references; undefined: an empty slot. */
  of(header: FrameHeader): (number | undefined)[] {
    return referencesOf(header).map((slot) => this.#marks.get(slot));
  }

  /** Takes the next frame in coding order. */
  advance({ kind, pts, refreshSlot }: FrameHeader): void {
    if (kind === 'key') {
      this.#marks.clear();
      this.#keyPts = pts;
    }
    const remainder = (pts - this.#keyPts) % MARKS;
    if (refreshSlot !== null) this.set(refreshSlot, Number(remainder < 0n ? remainder + MARKS : remainder));
  }

  /** Says what a slot holds; undefined: nothing that a packet could mean. */
  set(slot: number, mark: number | undefined): void {
    if (mark === undefined) this.#marks.delete(slot);
    else this.#marks.set(slot, mark);
  }
}

/** Returns the slots that a frame refers to. */
export function referencesOf({ referenceSlot0, referenceSlot1 }: FrameHeader): number[] {
  return [referenceSlot0, referenceSlot1].filter((slot) => slot !== null);
}
