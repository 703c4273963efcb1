import type { Planes } from '../codec/planes.js';
import type { DecodedPicture } from '../codec/workers/messages.js';
import { release } from '../platform/threads.js';

/** What a post-filter needs beside the picture. */
type FilterInput = Pick<DecodedPicture, 'side' | 'attenuation'>;

/** A picture with a count of its users; the last one gives its memory back. */
export class SharedPicture {
  readonly planes: Planes;
  /** What its post-filter needs; null if it was filtered. */
  readonly filterInput: FilterInput | null;
  readonly #onSpare: (planes: Planes) => void;
  #users = 1;

  /** @param onSpare receives the planes when nobody needs them any more. */
  constructor(planes: Planes, filterInput: FilterInput | null, onSpare: (planes: Planes) => void) {
    this.planes = planes;
    this.filterInput = filterInput;
    this.#onSpare = onSpare;
  }

  /** Adds a user. */
  share(): this {
    this.#users++;
    return this;
  }

  /** Takes a user away; call it once for each. */
  close(): void {
    if (--this.#users > 0) return;
    if (this.filterInput !== null) release([this.filterInput.side.buffer]);
    this.#onSpare(this.planes);
  }

  /** Takes a user away, and gives it the picture: the buffers themselves if nobody else uses them, else a copy. */
  take(): Pick<SharedPicture, 'planes' | 'filterInput'> {
    if (--this.#users > 0) {
      const { y, u, v } = this.planes;
      const input = this.filterInput;
      return {
        planes: { y: y.slice(), u: u.slice(), v: v.slice() },
        filterInput: input === null ? null : { ...input, side: input.side.slice() },
      };
    }
    return this;
  }
}
