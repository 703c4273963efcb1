import type { FrameHeader } from '../frame-header.js';
import { referencesOf, SlotMarks } from '../slot-marks.js';

/** What holds the pictures of the slots. */
export interface MendableSlots {
  /**
   * Replaces the frame of a slot, which is lost, by what comes closest to it.
   *
   * @param pts the time of the frame that refers to it.
   * @param wanted the time of the lost frame; null if it is not known.
   */
  mend(slot: number, pts: bigint, wanted: bigint | null): void;
}

/** Follows which reference slots of a resilient stream hold a frame that depends on a loss. */
export class SlotDamage {
  readonly #slots: MendableSlots;
  readonly #marks = new SlotMarks();
  readonly #damaged = new Set<number>();

  constructor(slots: MendableSlots) {
    this.#slots = slots;
  }

  /**
   * Mends the slots that a frame refers to and whose own frames are lost.
   *
   * @param marks those of the packet.
   * @returns whether the frame depends on a loss.
   */
  prepare(header: FrameHeader, marks: readonly number[]): boolean {
    if (header.kind === 'key') this.#damaged.clear();
    const held = this.#marks.of(header);
    const references = referencesOf(header);
    for (const [index, slot] of references.entries()) {
      const mark = marks[index]!;
      if (held[index] === mark) continue;
      this.#slots.mend(slot, header.pts, this.#marks.timeOf(mark, header));
      this.#marks.set(slot, mark);
      this.#damaged.add(slot);
    }
    return references.some((slot) => this.#damaged.has(slot));
  }

  /** Takes a frame whose picture was made, in coding order. */
  keep(header: FrameHeader, isDamaged: boolean): void {
    this.#marks.advance(header);
    const { refreshSlot } = header;
    if (refreshSlot === null) return;
    if (isDamaged) this.#damaged.add(refreshSlot);
    else this.#damaged.delete(refreshSlot);
  }

  /** Takes a frame whose picture could not be made. */
  lose({ refreshSlot }: FrameHeader): void {
    if (refreshSlot !== null) this.#marks.set(refreshSlot, undefined);
  }
}
