import type { Packet } from '../../bitstream/packet.js';
import { PacketSizer } from '../../bitstream/packet-sizer.js';
import type { QualityControl } from '../../codec/encoder.js';
import type { QualityRange } from '../../codec/family.js';

/** A frame that was coded before, possibly at another size of the pictures. */
export interface KnownFrame {
  readonly pts: bigint;
  readonly isKey: boolean;
  /** Bits with framing, and the quality at which they were counted. */
  readonly bits: number;
  readonly quality: number;
}

/** How a budget is spent. docs/ENCODER.md, "Rate control", says where the values come from. */
export interface BudgetSettings {
  /** Frames that may be in the workers while the next quality is decided; 0 for the last frames. */
  readonly lag: number;
  readonly lastFrames: number;
  /** Share of the estimate that is kept from frame to frame when a frame is compared with its estimate. */
  readonly memory: number;
  /** Weight of the first guess, in frames. */
  readonly priorFrames: number;
  /** While more frames come, so many seconds of the video are planned ahead. */
  readonly horizon: number;
  /** Share of the expected bits of n frames that is held back, times the root of n. */
  readonly caution: number;
}

export const BUDGET_SETTINGS: BudgetSettings = {
  lag: 4,
  lastFrames: 24,
  memory: 0.985,
  priorFrames: 3,
  horizon: 3,
  caution: 0.35,
};

/** Bits of frames as multiples of the bits that they are known with, for key frames and others. */
export interface ScalePair {
  readonly key: number;
  readonly inter: number;
}

/** How a {@link BudgetControl} starts. */
export interface BudgetSetup {
  readonly qualities: Pick<QualityRange, 'min' | 'max' | 'bits'>;
  /** The largest quality. Default: the best one. */
  readonly limit?: number;
  /** Bits of a frame as a multiple of the bits that it is known with; one for all frames, or one for each kind. */
  readonly scale: number | ScalePair;
  /** True: the budget must not be exceeded. */
  readonly isStrict: boolean;
  readonly settings?: BudgetSettings;
}

/**
 * Returns whether a budget was exceeded although nearly all bits were spent at the lowest quality.
 *
 * @param lowest bits of frames with the lowest quality.
 */
export function isBudgetTooSmall(allowed: number, spent: number, lowest: number): boolean {
  return spent > allowed && lowest > FLOOR_SHARE * spent;
}

/** A budget is too small if this share of the bits was spent at the lowest quality. */
const FLOOR_SHARE = 0.6;

/** The ratio of real to expected bits of one kind of frames, over the frames coded lately. */
class Scale {
  #real: number;
  #expected: number;
  #hasPrior = false;
  readonly #prior: number;
  readonly #settings: BudgetSettings;

  constructor(prior: number, settings: BudgetSettings) {
    this.#prior = prior;
    this.#settings = settings;
    this.#real = prior;
    this.#expected = 1;
  }

  get value(): number {
    return this.#real / this.#expected;
  }

  add(real: number, expected: number): void {
    if (!this.#hasPrior) {
      // The first guess weighs as much as some frames like the first one.
      this.#expected = this.#settings.priorFrames * expected;
      this.#real = this.#prior * this.#expected;
      this.#hasPrior = true;
    }
    this.#real = this.#settings.memory * this.#real + real;
    this.#expected = this.#settings.memory * this.#expected + expected;
  }
}

/** What frames need at a quality whose relative bits are 1: keys and others, because their scales differ. */
interface Need {
  key: number;
  inter: number;
}

/**
 * Decides the quality of frames so that all of them together have the bits of a budget. Each frame is known before it
 * is coded, from coding it at smaller size or from an earlier coding. From the bits of the coded frames it learns how
 * far off that knowledge is, and plans the remaining bits for the remaining frames: all of them at one quality.
 */
export class BudgetControl implements QualityControl {
  readonly #setup: BudgetSetup;
  readonly #settings: BudgetSettings;
  readonly #known = new Map<bigint, KnownFrame>();
  readonly #need: Need = { key: 0, inter: 0 };
  readonly #scales: { readonly key: Scale; readonly inter: Scale };
  readonly #sizer = new PacketSizer();
  /** Bits for all known frames. */
  #allowed: number;
  #spent = 0;
  /** Bits of frames at the lowest quality. */
  #lowestBits = 0;
  #isEnd = false;
  /** Known seconds that are not coded yet, and inter frames known so far. */
  #secondsAhead = 0;
  #seconds = new Map<bigint, number>();
  #totalSeconds = 0;
  #totalInter = 0;
  #allowedPerSecond = 0;

  /** @param allowed bits for frames in addition to what {@link know} allows. */
  constructor(setup: BudgetSetup, allowed: number) {
    this.#setup = setup;
    this.#settings = setup.settings ?? BUDGET_SETTINGS;
    this.#allowed = allowed;
    const { scale } = setup;
    const { key, inter } = typeof scale === 'number' ? { key: scale, inter: scale } : scale;
    this.#scales = { key: new Scale(key, this.#settings), inter: new Scale(inter, this.#settings) };
  }

  /**
   * Tells about a frame before it is coded.
   *
   * @param seconds the duration of the frame.
   * @param allowed bits that this frame adds to the budget.
   */
  know(frame: KnownFrame, seconds = 0, allowed = 0): void {
    this.#known.set(frame.pts, frame);
    this.#seconds.set(frame.pts, seconds);
    this.#need[frame.isKey ? 'key' : 'inter'] += this.#needOf(frame);
    this.#allowed += allowed;
    this.#secondsAhead += seconds;
    this.#totalSeconds += seconds;
    if (seconds > 0) this.#allowedPerSecond = allowed / seconds;
    if (!frame.isKey) this.#totalInter += this.#needOf(frame);
  }

  /** Whether a frame is known and not coded. */
  knows(pts: bigint): boolean {
    return this.#known.has(pts);
  }

  /** True if the budget was exceeded although nearly all bits were spent at the lowest quality. */
  get isBelowRange(): boolean {
    return isBudgetTooSmall(this.#allowed, this.#spent, this.#lowestBits);
  }

  /** Tells that all frames are known. */
  end(): void {
    this.#isEnd = true;
  }

  get lag(): number {
    return this.#isEnd && this.#known.size <= this.#settings.lastFrames ? 0 : this.#settings.lag;
  }

  /** What was learned about the bits of frames. */
  get scales(): ScalePair {
    return { key: this.#scales.key.value, inter: this.#scales.inter.value };
  }

  /** Bits of all frames coded so far. */
  get spent(): number {
    return this.#spent;
  }

  /** Expected bits of all frames, coded or not, if all remaining ones have the present quality. */
  get expected(): number {
    return this.#spent + this.#expectedNeed() * this.#setup.qualities.bits(this.quality());
  }

  quality(): number {
    const { qualities, limit = qualities.max, isStrict } = this.#setup;
    // While more frames come, frames like those so far are planned too, so that a key frame is paid over some time.
    const ahead = this.#isEnd ? 0 : Math.max(0, this.#settings.horizon - this.#secondsAhead);
    const more = this.#totalSeconds > 0 ? (ahead * this.#totalInter) / this.#totalSeconds : 0;
    const need = this.#expectedNeed() + this.#scales.inter.value * more;
    const remaining = this.#allowed - this.#spent + ahead * this.#allowedPerSecond;
    const caution = isStrict ? Math.min(0.5, this.#settings.caution / Math.sqrt(Math.max(1, this.#known.size))) : 0;
    if (need <= 0) return limit;
    return qualityOfBits(qualities, (remaining * (1 - caution)) / need, limit);
  }

  coded(packet: Packet, quality: number): void {
    const bits = 8 * this.#sizer.sizeOf(packet);
    this.#spent += bits;
    if (quality <= this.#setup.qualities.min) this.#lowestBits += bits;
    const frame = this.#known.get(packet.pts);
    if (frame === undefined) return;
    this.#known.delete(packet.pts);
    this.#secondsAhead -= this.#seconds.get(packet.pts) ?? 0;
    this.#seconds.delete(packet.pts);
    const kind = frame.isKey ? 'key' : 'inter';
    const need = this.#needOf(frame);
    this.#need[kind] = this.#known.size === 0 ? 0 : Math.max(0, this.#need[kind] - need);
    if (packet.kind === kind) this.#scales[kind].add(bits, need * this.#setup.qualities.bits(quality));
  }

  #needOf({ bits, quality }: KnownFrame): number {
    return bits / this.#setup.qualities.bits(quality);
  }

  #expectedNeed(): number {
    return this.#scales.key.value * this.#need.key + this.#scales.inter.value * this.#need.inter;
  }
}

/** Returns the quality that needs so many bits per luma sample, to a thousandth, within the range up to `limit`. */
export function qualityOfBits(
  { min, max, bits }: Pick<QualityRange, 'min' | 'max' | 'bits'>,
  wanted: number,
  limit = max,
): number {
  let low = min;
  let high = limit;
  if (bits(low) >= wanted) return low;
  if (bits(high) <= wanted) return high;
  while (high - low > 1e-3) {
    const middle = (low + high) / 2;
    if (bits(middle) < wanted) low = middle;
    else high = middle;
  }
  return low;
}
