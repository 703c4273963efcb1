import { BitstreamError } from '../errors.js';
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
  /** All frames so far are multiples of this many ticks behind the key frame; 0 if there is only the key frame. */
  #step = 0n;

  /** Returns the marks of the frames that a packet refers to, in the order of its references; undefined: an empty slot. */
  of(header: FrameHeader): (number | undefined)[] {
    return referencesOf(header).map((slot) => this.#marks.get(slot));
  }

  /** Takes the next frame in coding order. */
  advance({ kind, pts, refreshSlot }: FrameHeader): void {
    if (kind === 'key') {
      this.#marks.clear();
      this.#keyPts = pts;
      this.#step = 0n;
    }
    const time = pts - this.#keyPts;
    this.#step = commonStep(this.#step, time);
    if (refreshSlot !== null) this.set(refreshSlot, markOf(time));
  }

  /**
   * Guesses the time of a frame from its mark: the time closest to that of a frame that refers to it, in steps of the
   * other frames.
   *
   * @returns null if it cannot be guessed.
   */
  timeOf(mark: number, { pts }: FrameHeader): bigint | null {
    const own = pts - this.#keyPts;
    const step = commonStep(this.#step, own);
    if (step % MARKS === 0n) return null;
    for (let away = 1n; away <= MARKS / 2n; away++) {
      for (const time of [own - away * step, own + away * step]) {
        if (time >= 0n && markOf(time) === mark) return this.#keyPts + time;
      }
    }
    return null;
  }

  /** Says what a slot holds; undefined: nothing that a packet could mean. */
  set(slot: number, mark: number | undefined): void {
    if (mark === undefined) this.#marks.delete(slot);
    else this.#marks.set(slot, mark);
  }
}

function markOf(time: bigint): number {
  const remainder = time % MARKS;
  return Number(remainder < 0n ? remainder + MARKS : remainder);
}

/** The greatest common divisor of a step and a time. */
function commonStep(step: bigint, time: bigint): bigint {
  let [a, b] = [step, time < 0n ? -time : time];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** Returns the slots that a frame refers to. */
export function referencesOf({ referenceSlot0, referenceSlot1 }: FrameHeader): number[] {
  return [referenceSlot0, referenceSlot1].filter((slot) => slot !== null);
}

/**
 * Divides the bytes of a packet of a resilient stream into the marks of its references and what follows.
 *
 * @throws BitstreamError if the bytes end within the marks.
 */
export function splitMarks(header: FrameHeader, bytes: Uint8Array): { marks: number[]; rest: Uint8Array } {
  const count = referencesOf(header).length;
  if (bytes.length < count) throw new BitstreamError('the packet ends within its marks', { field: 'tokens' });
  return { marks: Array.from(bytes.subarray(0, count)), rest: bytes.subarray(count) };
}

/** Returns the bytes of a packet of a resilient stream; a reference to an empty slot gets the mark 0. */
export function joinMarks(marks: readonly (number | undefined)[], rest: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(marks.length + rest.length);
  bytes.set(marks.map((mark) => mark ?? 0));
  bytes.set(rest, marks.length);
  return bytes;
}
