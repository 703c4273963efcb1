import { planeBuffers, type Planes } from '../codec/planes.js';
import type { DecodedPicture } from '../codec/workers/messages.js';
import { release } from '../platform/threads.js';

/** What a post-filter needs beside the picture. */
type FilterInput = Pick<DecodedPicture, 'side' | 'attenuation'>;

/**
 * A picture with a count of its users; the last one frees its memory. The garbage collector would free it too, but it
 * does not see the memory of pictures that come from other threads, so hundreds of them would collect.
 */
export class SharedPicture {
  /** The number of pictures whose memory is not freed, in this thread. */
  static alive = 0;

  readonly planes: Planes;
  /** What its post-filter needs; null if it was filtered. */
  readonly filterInput: FilterInput | null;
  #users = 1;

  constructor(planes: Planes, filterInput: FilterInput | null) {
    this.planes = planes;
    this.filterInput = filterInput;
    SharedPicture.alive++;
  }

  /** Adds a user. */
  share(): this {
    this.#users++;
    return this;
  }

  /** Takes a user away; call it once for each. */
  close(): void {
    if (--this.#users > 0) return;
    SharedPicture.alive--;
    release(this.#buffers());
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
    SharedPicture.alive--;
    return this;
  }

  #buffers(): ArrayBuffer[] {
    return [...planeBuffers(this.planes), ...(this.filterInput === null ? [] : [this.filterInput.side.buffer])];
  }
}
