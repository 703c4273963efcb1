import { planeBuffers, type Planes } from '../codec/planes.js';
import { release } from '../platform/threads.js';

/**
 * A picture with a count of its users; the last one frees its memory. The garbage collector would free it too, but it
 * does not see the memory of pictures that come from other threads, so hundreds of them would collect.
 */
export class SharedPicture {
  /** The number of pictures whose memory is not freed, in this thread. */
  static alive = 0;

  readonly planes: Planes;
  /** What its post-filter needs; null if it was filtered. */
  readonly side: Uint8Array<ArrayBuffer> | null;
  #users = 1;

  constructor(planes: Planes, side: Uint8Array<ArrayBuffer> | null) {
    this.planes = planes;
    this.side = side;
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
  take(): { readonly planes: Planes; readonly side: Uint8Array<ArrayBuffer> | null } {
    if (--this.#users > 0) {
      const { y, u, v } = this.planes;
      return { planes: { y: y.slice(), u: u.slice(), v: v.slice() }, side: this.side?.slice() ?? null };
    }
    SharedPicture.alive--;
    return this;
  }

  #buffers(): ArrayBuffer[] {
    return [...planeBuffers(this.planes), ...(this.side === null ? [] : [this.side.buffer])];
  }
}
