import type { FrameHeader } from '../frame-header.js';
import { AVERAGE, MOTION_FIELDS, MOTION_LIMIT, NO_REFERENCE, type FrameTokens } from './frame-tokens.js';

/** The number of fractional bits of the time scales of vectors (units of 1/256). */
const SCALE_BITS = 8;
const SCALE_UNIT = 1 << SCALE_BITS;
/** Time scales are in -SCALE_LIMIT .. SCALE_LIMIT - 1. */
const SCALE_LIMIT = BigInt(4 * SCALE_UNIT);

/** Modes of the macroblocks of a frame, as in {@link FrameTokens}; contexts of later frames read them. */
export type FrameModes = Readonly<
  Pick<FrameTokens, 'blockSize' | 'type' | 'transform' | 'lumaGroups' | 'chromaGroups'>
>;

/** The motion and the modes of the frame in a reference slot. */
export interface MotionField {
  readonly modes: FrameModes;
  /** As in {@link FrameTokens}. */
  readonly reference: Int8Array;
  readonly motion: Int16Array;
  readonly stride: number;
  readonly pts: bigint;
  /** Time stamps of the frames that the frame's references held; null where it had none. */
  readonly referencePts: readonly [bigint | null, bigint | null];
}

/** What a frame takes over from those in its reference slots. */
export interface TemporalReferences {
  /** The frame whose motion is taken over; null: none. */
  readonly collocated: MotionField | null;
  /** Modes of the frame in `referenceSlot0`; null where `collocated` is. */
  readonly firstModes: FrameModes | null;
  /** Time scale, 1/256, by the vector's reference in the collocated frame; null where there is none. */
  readonly scales: readonly (readonly number[] | null)[];
}

const NOTHING: TemporalReferences = { collocated: null, firstModes: null, scales: [null, null] };

/**
 * Motion that a partition takes over from the frame in a reference slot (FORMAT.md section 8, "Temporal motion"): the
 * motion at the same position, scaled to the time distances of this frame's references. Compare the temporal direct
 * mode of ITU-T H.264 (8.4.1.2.3) and the temporal candidate of H.265 (8.5.3.2.8).
 *
 * Holds the fields of all slots. {@link beginFrame} and {@link endFrame} enclose each frame, in coding order.
 */
export class TemporalMotion {
  /** The motion that {@link find} found: reference, x0, y0, x1, y1. */
  readonly fields = new Int16Array(MOTION_FIELDS);
  /** Modes of the collocated frame, and of the frame in `referenceSlot0`; both null in key frames. */
  collocatedModes: FrameModes | null = null;
  firstModes: FrameModes | null = null;
  readonly #slots = new Map<number, MotionField>();
  readonly #isKept: boolean;
  readonly #Buffer: new (bytes: number) => ArrayBufferLike;
  #collocated: MotionField | null = null;
  #scales = NOTHING.scales;

  /**
   * @param isResilient true: nothing is taken over from other frames, as in resilient streams.
   * @param Buffer the type of buffer of what slots hold; `SharedArrayBuffer` lets other threads {@link use} it.
   */
  constructor(isResilient = false, Buffer: new (bytes: number) => ArrayBufferLike = ArrayBuffer) {
    this.#isKept = !isResilient;
    this.#Buffer = Buffer;
  }

  /**
   * Finds what a frame takes over, and uses it; a key frame empties all slots. May be called again for the same frame.
   */
  beginFrame(header: FrameHeader): TemporalReferences {
    const found = this.#referencesOf(header);
    this.use(found);
    return found;
  }

  /** Uses what another thread has found for the frame. */
  use({ collocated, firstModes, scales }: TemporalReferences): void {
    this.#collocated = collocated;
    this.collocatedModes = collocated?.modes ?? null;
    this.firstModes = firstModes;
    this.#scales = scales;
  }

  #referencesOf(header: FrameHeader): TemporalReferences {
    if (header.kind === 'key') this.#slots.clear();
    const references = [header.referenceSlot0, header.referenceSlot1].filter((slot) => slot !== null);
    const fields = references.map((slot) => this.#slots.get(slot)).filter((field) => field !== undefined);
    const collocated = fields.at(-1);
    if (collocated === undefined || fields.length < references.length) return NOTHING;
    const scales = collocated.referencePts.map((pts) => {
      if (pts === null || pts === collocated.pts) return null;
      return fields.map((field) => timeScale(header.pts - field.pts, collocated.pts - pts));
    });
    return { collocated, firstModes: fields[0]!.modes, scales };
  }

  /**
   * Finds the motion for the partition whose top left sub-block is (`row`, `column`) on the 8x8 grid.
   *
   * @param size width of the partition in sub-blocks.
   * @returns false if there is none.
   */
  find(row: number, column: number, size: number): boolean {
    const field = this.#collocated;
    if (field === null) return false;
    // The sub-block just behind the partition's centre; an 8x8 one's own.
    const at = (row + (size >> 1)) * field.stride + column + (size >> 1);
    const reference = field.reference[at]!;
    if (reference === NO_REFERENCE) return false;
    const used = reference === 1 ? 1 : 0;
    const scales = this.#scales[used];
    if (scales === null || scales === undefined) return false;
    const { fields } = this;
    fields.fill(0);
    fields[0] = scales.length === 2 ? AVERAGE : 0;
    for (let slot = 0; slot < scales.length; slot++) {
      for (let component = 0; component < 2; component++) {
        const value = (scales[slot]! * field.motion[at * 4 + used * 2 + component]! + SCALE_UNIT / 2) >> SCALE_BITS;
        fields[1 + slot * 2 + component] = Math.max(-MOTION_LIMIT, Math.min(MOTION_LIMIT - 1, value));
      }
    }
    return true;
  }

  /** Stores the motion and the modes of a frame whose modes are known, if the frame refreshes a slot. */
  endFrame(header: FrameHeader, tokens: FrameTokens): void {
    if (header.refreshSlot === null || !this.#isKept) return;
    const ptsOf = (slot: number | null): bigint | null => (slot === null ? null : (this.#slots.get(slot)?.pts ?? null));
    const { blockSize, type, transform, lumaGroups, chromaGroups, referenceIndex, motion } = tokens;
    const arrays = { motion, referenceIndex, blockSize, type, transform, lumaGroups, chromaGroups };
    const { motion: ownMotion, referenceIndex: reference, ...modes } = copyArrays(arrays, this.#Buffer);
    this.#slots.set(header.refreshSlot, {
      ...{ modes, reference, motion: ownMotion },
      stride: tokens.geometry.columns * 2,
      pts: header.pts,
      referencePts: [ptsOf(header.referenceSlot0), ptsOf(header.referenceSlot1)],
    });
  }
}

/** Copies arrays into one buffer; those with the largest elements must come first. */
function copyArrays<Arrays extends Readonly<Record<string, Uint8Array | Int8Array | Int16Array>>>(
  arrays: Arrays,
  Buffer: new (bytes: number) => ArrayBufferLike,
): Arrays {
  const buffer = new Buffer(Object.values(arrays).reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  const copies = Object.entries(arrays).map(([name, array]) => {
    const Type = array.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => typeof array;
    const copy = new Type(buffer, at, array.length);
    copy.set(array);
    at += array.byteLength;
    return [name, copy];
  });
  return Object.fromEntries(copies) as Arrays;
}

/** `wanted` / `spanned` in 1/256, rounded to the nearest (halves up), within the limits; `spanned` is not 0. */
function timeScale(wanted: bigint, spanned: bigint): number {
  const sign = spanned < 0n ? -1n : 1n;
  const divisor = 2n * sign * spanned;
  const dividend = 2n * BigInt(SCALE_UNIT) * sign * wanted + sign * spanned;
  // BigInt division rounds towards zero.
  const isBelow = dividend < 0n && dividend % divisor !== 0n;
  const scale = dividend / divisor - (isBelow ? 1n : 0n);
  if (scale < -SCALE_LIMIT) return Number(-SCALE_LIMIT);
  return Number(scale < SCALE_LIMIT ? scale : SCALE_LIMIT - 1n);
}
