import { BitstreamError } from '../../errors.js';
import type { Kernels } from '../../kernels/kernels.js';
import type { Geometry } from './frame-tokens.js';
import { Picture } from './picture.js';
import type { Planes } from '../planes.js';

/** Loop pictures that later frames predict from, by slot number. */
export class ReferenceSlots {
  readonly #kernels: Kernels;
  readonly #geometry: Geometry;
  readonly #pictures = new Map<number, Picture>();
  /** The presentation times of the filled slots' pictures. */
  readonly #filled = new Map<number, bigint>();

  constructor(kernels: Kernels, geometry: Geometry) {
    this.#kernels = kernels;
    this.#geometry = geometry;
  }

  /** Empties all slots, as every key frame does. */
  clear(): void {
    this.#filled.clear();
  }

  /** Copies a loop picture at coded size, which is shown at `pts`, into a slot. */
  fill(slot: number, planes: Planes, pts: bigint): void {
    this.#pictureOf(slot).write(planes);
    this.#finish(slot, pts);
  }

  /** Copies a loop picture in kernel memory, which is shown at `pts`, into a slot. */
  copy(slot: number, from: Picture, pts: bigint): void {
    this.#pictureOf(slot).copy(from);
    this.#finish(slot, pts);
  }

  /** Copies the picture that is shown closest to the time `pts` from another slot, if it is not in this one. */
  mend(slot: number, pts: bigint): void {
    const distance = (time: bigint): bigint => (time < pts ? pts - time : time - pts);
    const [closest] = [...this.#filled].sort(([, a], [, b]) => Number(distance(a) - distance(b)));
    if (closest === undefined || closest[0] === slot) return;
    this.copy(slot, this.#pictures.get(closest[0])!, closest[1]);
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
    this.#filled.set(slot, pts);
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
