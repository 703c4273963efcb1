import { pairOf } from '../../entropy/adaptive-tables.js';
import { AVERAGE, MOTION_FIELDS, NO_REFERENCE, type FrameTokens } from './frame-tokens.js';
import { isCodedBefore } from './block-order.js';
import type { TemporalMotion } from './temporal-motion.js';

/** Number of merge candidates of a partition. */
export const CANDIDATES = 3;

/** Symbol of `motion` for a motion that is not one of the candidates. */
export const NEW_MOTION = CANDIDATES;

/** The number of classes of a vector's difference to its prediction, by its number of bits. */
export const MOTION_CLASSES = 16;
/** What stands for the component in the contexts of a class: x, or y with one of four sizes of x. */
const COMPONENTS = 5;
const VECTOR_SPREADS = 7;
/** Numbers of first and second contexts of a component's class. */
export const MOTION_CLASS_CONTEXTS = [COMPONENTS * VECTOR_SPREADS, COMPONENTS * 8] as const;
/** Values of {@link MotionNeighbours.spread}. */
export const MOTION_SPREADS = 36;

/** Class of a difference of a component: its number of bits. */
export function differenceClass(difference: number): number {
  return 32 - Math.clz32(Math.abs(difference));
}

/** Reference 0 with vector zero, the last candidate. */
const NO_MOVEMENT = new Int16Array(MOTION_FIELDS);

/**
 * Motion of the neighbours of one partition, in the frame and in time, and the prediction from it (FORMAT.md section 8,
 * "Motion"). One instance is reused for all partitions, so nothing is allocated per block.
 */
export class MotionNeighbours {
  /** [3, 5]: reference, x0, y0, x1, y1 of each candidate. */
  readonly candidates = new Int16Array(CANDIDATES * MOTION_FIELDS);
  /** True if `temporal` holds a motion for the partition. */
  hasTemporal = false;
  /** Positions of left, above and above right on the sub-block grid, -1 if absent. */
  readonly #positions = new Int32Array(3);
  readonly #fields = new Int16Array(MOTION_FIELDS);
  #count = 0;
  #tokens: FrameTokens | undefined;

  /** @param temporal the motion of the frame's references; its frame must have started. */
  constructor(readonly temporal: TemporalMotion) {}

  /**
   * Gathers the neighbours of the partition whose top left sub-block is (`row`, `column`) on the 8x8 grid.
   *
   * @param size width of the partition in sub-blocks: 1, 2, 4 or 8.
   */
  gather(tokens: FrameTokens, row: number, column: number, size: number): void {
    this.#tokens = tokens;
    const stride = tokens.geometry.columns * 2;
    const positions = this.#positions;
    positions[0] = column > 0 ? row * stride + column - 1 : -1;
    positions[1] = row > 0 ? (row - 1) * stride + column : -1;
    const right = column + size;
    const rightExists = row > 0 && right < stride && isCodedBefore(row - 1, right, row, column);
    if (rightExists) positions[2] = (row - 1) * stride + right;
    else positions[2] = row > 0 && column > 0 ? (row - 1) * stride + column - 1 : -1;

    this.#count = 0;
    this.#addNeighbour(0);
    this.#addNeighbour(1);
    this.hasTemporal = this.temporal.find(row, column, size);
    if (this.hasTemporal) this.#add(this.temporal.fields);
    this.#addNeighbour(2);
    this.#add(NO_MOVEMENT);
    for (let count = this.#count; count < CANDIDATES; count++) {
      this.candidates.copyWithin(count * MOTION_FIELDS, (count - 1) * MOTION_FIELDS, count * MOTION_FIELDS);
    }
  }

  /** Median prediction of one component (0 x, 1 y) of the vector for slot 0 or 1. */
  predict(slot: number, component: number): number {
    const tokens = this.#tokens!;
    let users = 0;
    let only = 0;
    let a = this.#stretched(slot, component);
    let b = a;
    let c = a;
    for (let i = 0; i < 3; i++) {
      const at = this.#positions[i]!;
      if (at < 0) continue;
      const reference = tokens.referenceIndex[at]!;
      if (reference !== slot && reference !== AVERAGE) continue;
      const value = tokens.motion[at * 4 + slot * 2 + component]!;
      users++;
      only = value;
      if (i === 0) a = value;
      else if (i === 1) b = value;
      else c = value;
    }
    if (users === 1) return only;
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }

  /** Returns a component of the temporal motion's vector for a slot; 0 if there is none. */
  #stretched(slot: number, component: number): number {
    const { fields } = this.temporal;
    if (!this.hasTemporal || (fields[0] !== slot && fields[0] !== AVERAGE)) return 0;
    return fields[1 + slot * 2 + component]!;
  }

  /** Returns 0..35: how far the second and the third candidate are from the first. */
  spread(): number {
    return 6 * this.#distance(1) + this.#distance(2);
  }

  /** Returns 0..24 from the references of left and above. */
  referenceContext(): number {
    const [left, above] = this.#positions;
    const { referenceIndex } = this.#tokens!;
    return 5 * (left! < 0 ? 0 : 2 + referenceIndex[left!]!) + (above! < 0 ? 0 : 2 + referenceIndex[above!]!);
  }

  /**
   * Returns the contexts of the class of a component's difference, as a pair of tables.
   *
   * @param predicted what {@link predict} returned for this component.
   * @param classOfX the class of x, if this is y; it does not count for x.
   */
  classContext(slot: number, component: number, predicted: number, classOfX: number): number {
    const part = component === 0 ? 0 : classOfX === 0 ? 1 : classOfX < 3 ? 2 : classOfX < 5 ? 3 : 4;
    const size = Math.abs(predicted);
    const sizeLevel = size === 0 ? 0 : size < 8 ? 1 : size < 40 ? 2 : 3;
    return pairOf(
      VECTOR_SPREADS * part + this.#vectorSpread(slot, component),
      MOTION_CLASS_CONTEXTS[0] + 8 * part + 2 * sizeLevel + (this.hasTemporal ? 1 : 0),
    );
  }

  /** Class 0..6 of the difference between the neighbours' vectors for a slot. */
  #vectorSpread(slot: number, component: number): number {
    const tokens = this.#tokens!;
    let least = Infinity;
    let largest = -Infinity;
    for (const at of this.#positions) {
      if (at < 0) continue;
      const reference = tokens.referenceIndex[at]!;
      if (reference !== slot && reference !== AVERAGE) continue;
      const value = tokens.motion[at * 4 + slot * 2 + component]!;
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
    const spread = largest - least;
    if (spread < 0) return 0;
    return spread === 0 ? 1 : spread < 2 ? 2 : spread < 5 ? 3 : spread < 12 ? 4 : spread < 40 ? 5 : 6;
  }

  /** Class 0..5 of the distance of a candidate from the first one. */
  #distance(index: number): number {
    const list = this.candidates;
    const base = index * MOTION_FIELDS;
    if (list[base] !== list[0]) return 5;
    let sum = 0;
    for (let i = 1; i < MOTION_FIELDS; i++) sum += Math.abs(list[base + i]! - list[i]!);
    return sum === 0 ? 0 : sum < 3 ? 1 : sum < 9 ? 2 : sum < 33 ? 3 : 4;
  }

  /** Adds the motion of a neighbour, if it has any. */
  #addNeighbour(index: number): void {
    const at = this.#positions[index]!;
    const tokens = this.#tokens!;
    if (at < 0 || tokens.referenceIndex[at] === NO_REFERENCE) return;
    const fields = this.#fields;
    fields[0] = tokens.referenceIndex[at]!;
    for (let i = 0; i < 4; i++) fields[1 + i] = tokens.motion[at * 4 + i]!;
    this.#add(fields);
  }

  /** Adds a motion to the candidates, if it is new and there is room. */
  #add(fields: Int16Array): void {
    if (this.#count === CANDIDATES) return;
    this.candidates.set(fields, this.#count * MOTION_FIELDS);
    if (!this.#repeats(this.#count)) this.#count++;
  }

  #repeats(index: number): boolean {
    const list = this.candidates;
    const base = index * MOTION_FIELDS;
    for (let other = 0; other < base; other += MOTION_FIELDS) {
      let equal = true;
      for (let i = 0; i < MOTION_FIELDS; i++) equal &&= list[other + i] === list[base + i];
      if (equal) return true;
    }
    return false;
  }
}

/**
 * Writes one motion into all sub-blocks of a partition.
 *
 * @param fields reference, x0, y0, x1, y1 at `offset`; vectors of slots that the reference does not use become zero.
 */
export function setMotion(
  tokens: FrameTokens,
  row: number,
  column: number,
  size: number,
  fields: ArrayLike<number>,
  offset: number,
): void {
  const stride = tokens.geometry.columns * 2;
  const reference = fields[offset]!;
  for (let y = row; y < row + size; y++) {
    for (let x = column; x < column + size; x++) {
      const at = y * stride + x;
      tokens.referenceIndex[at] = reference;
      for (let slot = 0; slot < 2; slot++) {
        const used = reference === slot || reference === AVERAGE;
        tokens.motion[at * 4 + slot * 2] = used ? fields[offset + 1 + slot * 2]! : 0;
        tokens.motion[at * 4 + slot * 2 + 1] = used ? fields[offset + 2 + slot * 2]! : 0;
      }
    }
  }
}
