import type { LookAhead, LookAheadFrame } from '../../look-ahead.js';
import { KeyFrames } from '../../key-frames.js';
import { chooseMiniGops, codingOrder, type PredictionCosts } from './mini-gop.js';
import type { MiniGopSettings } from './settings.js';

/** A frame with decided references and position in coding order. */
export interface PlannedFrame {
  readonly frame: LookAheadFrame;
  readonly isKey: boolean;
  /** The references: none in key frames, else one or two. */
  readonly references: readonly PlannedReference[];
  /** Slot that the frame fills, or null if no other frame is predicted from it. */
  readonly refreshSlot: number | null;
}

/** A frame to predict from, and the slot that holds it. */
export interface PlannedReference {
  readonly frame: LookAheadFrame;
  readonly slot: number;
}

/** Decides key frames and mini-GOPs, and returns frames in coding order. */
export class CodingOrder {
  readonly #lookAhead: LookAhead;
  readonly #keyFrames: KeyFrames;
  readonly #largest: number;
  readonly #settings: MiniGopSettings;
  /** Frames in display order whose position in coding order is not decided yet. */
  readonly #open: LookAheadFrame[] = [];
  /** The key frames among them. */
  readonly #keys = new Set<LookAheadFrame>();
  readonly #planned: PlannedFrame[] = [];
  /** The last anchor that was planned, and the one before it since the last key frame. */
  #anchor: PlannedReference | null = null;
  #olderAnchor: PlannedReference | null = null;
  #shown: LookAheadFrame[] = [];

  /**
   * @param keyint the largest distance between key frames, in frames; Infinity: only the first one and scene cuts.
   * @param largest the largest number of frames of a mini-GOP, a power of two.
   */
  constructor(lookAhead: LookAhead, keyint: number, largest: number, settings: MiniGopSettings) {
    this.#lookAhead = lookAhead;
    this.#keyFrames = new KeyFrames(keyint);
    this.#largest = largest;
    this.#settings = settings;
  }

  /** Takes the next frame in display order and returns whether it is a key frame. */
  push(frame: LookAheadFrame): boolean {
    this.#open.push(frame);
    const isKey = this.#keyFrames.isKey(frame.isSceneCut);
    if (isKey) this.#keys.add(frame);
    return isKey;
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
    // A slot that no planned frame and not the next frame refers to is free.
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
    if (this.#keys.delete(first)) {
      this.#planKey(first);
      return true;
    }
    let count = 0;
    while (count < this.#largest && count < this.#open.length && !this.#keys.has(this.#open[count]!)) count++;
    const isCut = count < this.#open.length || isEnd;
    if (count < this.#largest && !isCut) return false;
    this.#planMiniGops(count);
    return true;
  }

  #planKey(frame: LookAheadFrame): void {
    this.#open.shift();
    this.#planned.push({ frame, isKey: true, references: [], refreshSlot: 0 });
    this.#anchor = { frame, slot: 0 };
    this.#olderAnchor = null;
  }

  /** Plans the next `count` frames as mini-GOPs after the last anchor. */
  #planMiniGops(count: number): void {
    const frames = [this.#anchor!.frame, ...this.#open.splice(0, count)];
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

  /** Plans one mini-GOP: an anchor, which is already planned, and the frames after it in coding order. */
  #planMiniGop(frames: readonly LookAheadFrame[]): void {
    const slots = new Map([[0, this.#anchor!.slot]]);
    for (const { position, past, future, level, isReferenced } of codingOrder(frames.length - 1)) {
      const slot = level > 0 ? 1 + level : this.#largest > 1 ? 1 - this.#anchor!.slot : 0;
      const references = [past, future].flatMap((at) =>
        at === null ? [] : [{ frame: frames[at]!, slot: slots.get(at)! }],
      );
      // The slot that an anchor fills still holds the anchor before the last one: two references to the past give a
      // better prediction.
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
