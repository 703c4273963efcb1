import type { LookAhead, LookAheadFrame } from '../../look-ahead.js';
import { chooseMiniGops, codingOrder, type PredictionCosts } from './mini-gop.js';
import type { MiniGopSettings } from './settings.js';

/** A frame whose place in coding order and whose references are decided. */
export interface PlannedFrame {
  readonly frame: LookAheadFrame;
  readonly isKey: boolean;
  /** None in key frames, else one or two. */
  readonly references: readonly PlannedReference[];
  /** Slot that the frame fills, or null if no other frame is predicted from it. */
  readonly refreshSlot: number | null;
}

/** A frame to predict from, and the slot that holds it. */
export interface PlannedReference {
  readonly frame: LookAheadFrame;
  readonly slot: number;
}

/** Decides key frames and mini-GOPs, and gives out frames in coding order. */
export class CodingOrder {
  readonly #lookAhead: LookAhead;
  readonly #keyint: number;
  readonly #largest: number;
  readonly #settings: MiniGopSettings;
  /** Frames in display order whose place is not decided yet. */
  readonly #open: LookAheadFrame[] = [];
  readonly #planned: PlannedFrame[] = [];
  /** The last anchor that was planned, and the one before it since the last key frame. */
  #anchor: PlannedReference | null = null;
  #olderAnchor: PlannedReference | null = null;
  #sinceKey = 0;
  #shown: LookAheadFrame[] = [];

  /**
   * @param keyint frames from one key frame to the next at most.
   * @param largest frames of a mini-GOP at most, a power of two.
   */
  constructor(lookAhead: LookAhead, keyint: number, largest: number, settings: MiniGopSettings) {
    this.#lookAhead = lookAhead;
    this.#keyint = keyint;
    this.#largest = largest;
    this.#settings = settings;
  }

  /** Takes the next frame in display order. */
  push(frame: LookAheadFrame): void {
    this.#open.push(frame);
  }

  /**
   * Decides as much as can be decided.
   *
   * @param isEnd true if no more frames come.
   * @returns frames in coding order, from the next one to the last one before a key frame that are decided.
   */
  plan(isEnd: boolean): readonly PlannedFrame[] {
    while (this.#planRun(isEnd));
    const key = this.#planned.findIndex(({ isKey }, index) => index > 0 && isKey);
    return key < 0 ? this.#planned : this.#planned.slice(0, key);
  }

  /** Removes the first planned frame. */
  shift(): void {
    const { frame } = this.#planned.shift()!;
    this.#shown.push(frame);
    // What is not referred to by any planned frame, nor will be by the next one, is over.
    const used = new Set(this.#planned.flatMap(({ references }) => references.map((reference) => reference.frame)));
    this.#shown = this.#shown.filter((shown) => {
      if (used.has(shown) || shown === this.#anchor?.frame || shown === this.#olderAnchor?.frame) return true;
      this.#lookAhead.release(shown);
      return false;
    });
  }

  /** Plans a key frame or the frames up to the next one, at most as many as a mini-GOP may have. */
  #planRun(isEnd: boolean): boolean {
    const first = this.#open[0];
    if (first === undefined) return false;
    if (this.#anchor === null || this.#isKey(first, 0)) {
      this.#planKey(first);
      return true;
    }
    let count = 0;
    while (count < this.#largest && count < this.#open.length && !this.#isKey(this.#open[count]!, count)) count++;
    const isCut = count < this.#open.length || isEnd;
    if (count < this.#largest && !isCut) return false;
    this.#planMiniGops(count);
    return true;
  }

  #isKey(frame: LookAheadFrame, ahead: number): boolean {
    return frame.isSceneCut || this.#sinceKey + ahead >= this.#keyint;
  }

  #planKey(frame: LookAheadFrame): void {
    this.#open.shift();
    this.#planned.push({ frame, isKey: true, references: [], refreshSlot: 0 });
    this.#anchor = { frame, slot: 0 };
    this.#olderAnchor = null;
    this.#sinceKey = 1;
  }

  /** Plans the next `count` frames as mini-GOPs behind the last anchor. */
  #planMiniGops(count: number): void {
    const frames = [this.#anchor!.frame, ...this.#open.splice(0, count)];
    this.#sinceKey += count;
    const costs: PredictionCosts = {
      intra: (frame) => sum(frames[frame]!.intra),
      fromPast: (frame, past) => sum(this.#lookAhead.predict(frames[frame]!, frames[past]!).cost),
      fromBoth: (frame, past, future) =>
        sum(this.#lookAhead.predictBoth(frames[frame]!, frames[past]!, frames[future]!).cost),
    };
    const sizes = chooseMiniGops(count, this.#largest, costs, this.#settings);
    let start = 0;
    for (const size of sizes) {
      this.#planMiniGop(frames.slice(start, start + size + 1));
      start += size;
    }
  }

  /** Plans one mini-GOP: an anchor, which is planned already, and the frames behind it. */
  #planMiniGop(frames: readonly LookAheadFrame[]): void {
    const slots = new Map([[0, this.#anchor!.slot]]);
    for (const { position, past, future, level, isReferenced } of codingOrder(frames.length - 1)) {
      const slot = level > 0 ? 1 + level : this.#largest > 1 ? 1 - this.#anchor!.slot : 0;
      const references = [past, future].flatMap((at) =>
        at === null ? [] : [{ frame: frames[at]!, slot: slots.get(at)! }],
      );
      // The slot that an anchor fills still holds the anchor before the last one: two views of the past are better.
      if (level === 0 && this.#olderAnchor !== null) references.push(this.#olderAnchor);
      if (isReferenced) slots.set(position, slot);
      const frame = frames[position]!;
      this.#planned.push({ frame, isKey: false, references, refreshSlot: isReferenced ? slot : null });
      if (level === 0) {
        this.#olderAnchor = this.#largest > 1 ? this.#anchor : null;
        this.#anchor = { frame, slot };
      }
    }
  }
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
