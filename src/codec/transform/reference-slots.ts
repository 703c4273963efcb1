import { BitstreamError } from '../../errors.js';
import type { Kernels } from '../../kernels/kernels.js';
import type { Geometry } from './frame-tokens.js';
import { Picture } from './picture.js';

/** What a slot holds. */
interface Filled {
  /** When its picture is shown. */
  readonly pts: bigint;
  /** When the picture is shown that frames mean that refer to it: another time if this one is lost. */
  readonly meant: bigint;
}

/** Loop pictures that later frames predict from, by slot number. */
export class ReferenceSlots {
  readonly #kernels: Kernels;
  readonly #geometry: Geometry;
  readonly #pictures = new Map<number, Picture>();
  readonly #filled = new Map<number, Filled>();

  constructor(kernels: Kernels, geometry: Geometry) {
    this.#kernels = kernels;
    this.#geometry = geometry;
  }

  /** Empties all slots, as every key frame does. */
  clear(): void {
    this.#filled.clear();
  }

  /** Copies a loop picture in kernel memory, which is shown at `pts`, into a slot. */
  copy(slot: number, from: Picture, pts: bigint): void {
    this.#pictureOf(slot).copy(from);
    this.#finish(slot, pts);
  }

  /**
   * Puts the picture that is shown closest to a lost one in its place.
   *
   * @param pts the time of the frame that refers to it.
   * @param wanted the time of the lost picture; null if it is not known.
   */
  mend(slot: number, pts: bigint, wanted: bigint | null): void {
    const aim = wanted ?? pts;
    const distance = ({ pts: time }: Filled): bigint => (time < aim ? aim - time : time - aim);
    const [closest] = [...this.#filled].sort(([, a], [, b]) => Number(distance(a) - distance(b)));
    if (closest === undefined) return;
    const [other, { pts: time }] = closest;
    if (other !== slot) this.copy(slot, this.#pictures.get(other)!, time);
    this.#filled.set(slot, { pts: time, meant: wanted ?? time });
  }

  /** Returns by how much vectors of a frame of time `pts` into a slot must be scaled, because it holds another frame. */
  motionScale(slot: number, pts: bigint): number {
    const filled = this.#filled.get(slot);
    if (filled === undefined || filled.pts === filled.meant || filled.meant === pts) return 1;
    return Number(pts - filled.pts) / Number(pts - filled.meant);
  }

  #pictureOf(slot: number): Picture {
    let picture = this.#pictures.get(slot);
    if (picture === undefined) {
      picture = Picture.allocate(this.#kernels, this.#geometry);
      this.#pictures.set(slot, picture);
    }
    return picture;
  }

  #finish(slot: number, pts: bigint): void {
    this.#pictures.get(slot)!.extend();
    this.#filled.set(slot, { pts, meant: pts });
  }

  /**
   * Returns the picture of a slot; null for null.
   *
   * @throws BitstreamError if the slot is empty.
   */
  get(slot: number | null): Picture | null {
    if (slot === null) return null;
    const picture = this.#filled.has(slot) ? this.#pictures.get(slot) : undefined;
    if (picture === undefined) {
      throw new BitstreamError(`the frame refers to slot ${slot}, which is empty`, { field: 'reference' });
    }
    return picture;
  }
}
