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
  readonly #filled = new Set<number>();

  constructor(kernels: Kernels, geometry: Geometry) {
    this.#kernels = kernels;
    this.#geometry = geometry;
  }

  /** Empties all slots, as every key frame does. */
  clear(): void {
    this.#filled.clear();
  }

  /** Copies a loop picture at coded size into a slot. */
  fill(slot: number, planes: Planes): void {
    this.#pictureOf(slot).write(planes);
    this.#finish(slot);
  }

  /** Copies a loop picture in kernel memory into a slot. */
  copy(slot: number, from: Picture): void {
    this.#pictureOf(slot).copy(from);
    this.#finish(slot);
  }

  #pictureOf(slot: number): Picture {
    let picture = this.#pictures.get(slot);
    if (picture === undefined) {
      picture = Picture.allocate(this.#kernels, this.#geometry);
      this.#pictures.set(slot, picture);
    }
    return picture;
  }

  #finish(slot: number): void {
    this.#pictures.get(slot)!.extend();
    this.#filled.add(slot);
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
