import type { FrameHeader } from '../frame-header.js';
import { referencesOf, SlotMarks } from '../slot-marks.js';

/** Follows which reference slots of a resilient stream hold a frame that depends on a loss. */
export class SlotDamage {
  readonly #slots: { mend(slot: number, pts: bigint): void };
  readonly #marks = new SlotMarks();
  readonly #damaged = new Set<number>();

  /** @param slots what holds the pictures. */
  constructor(slots: { mend(slot: number, pts: bigint): void }) {
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
      if (held[index] === marks[index]) continue;
      this.#slots.mend(slot, header.pts);
      this.#marks.set(slot, marks[index]);
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
