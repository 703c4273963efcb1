import type { ModelPack } from '../../model/pack.js';
import type { Frame } from '../../video/frame.js';
import type { WorkerLink } from '../../threads/worker-link.js';
import { cropPlane, planeBuffers, writePlane, type Planes, type VisiblePlanes } from '../planes.js';
import type { DecodedPicture, PostFilterRequest, WorkerSetup } from '../workers/messages.js';
import { transformFamily } from './family.js';
import { Geometry } from './frame-tokens.js';
import { foreignSidePlanes } from './loop-filter.js';

/** Runs a post-filter over decoded pictures of another codec, to separate the effect of the filter from the codec. */
export class ForeignFilter implements AsyncDisposable {
  readonly #geometry: Geometry;
  readonly #workers: readonly WorkerLink<PostFilterRequest, Planes>[];

  /**
   * Starts the workers of a filter.
   *
   * @param pack of the family `transform`.
   * @param graph a post-filter of it.
   */
  constructor(pack: ModelPack, graph: Uint8Array, setup: WorkerSetup) {
    this.#geometry = new Geometry(setup.width, setup.height);
    this.#workers = transformFamily.open({ pack, ...setup }).startPostFilters(graph);
  }

  /**
   * Filters frames of the size in the setup, in their order.
   *
   * @param q 0..63: the q with about the same quantiser step as the other codec.
   */
  async *filter(frames: AsyncIterable<Frame>, q: number): AsyncGenerator<Frame, void, undefined> {
    const waiting: Promise<Frame>[] = [];
    let index = 0;
    try {
      for await (const frame of frames) {
        const filtered = this.#filterOne(frame, q, this.#workers[index++ % this.#workers.length]!);
        filtered.catch(() => undefined);
        waiting.push(filtered);
        if (waiting.length > this.#workers.length) yield await waiting.shift()!;
      }
      while (waiting.length > 0) yield await waiting.shift()!;
    } finally {
      await Promise.allSettled(waiting);
    }
  }

  async #filterOne(frame: Frame, q: number, worker: WorkerLink<PostFilterRequest, Planes>): Promise<Frame> {
    const picture = this.#toCodedSize(frame, q);
    const shown = await worker.call(picture, [...planeBuffers(picture.planes), picture.side.buffer]);
    const { width, height, codedWidth } = this.#geometry;
    const [halfWidth, halfHeight] = [(width + 1) >> 1, (height + 1) >> 1];
    return {
      ...frame,
      y: cropPlane(shown.y, codedWidth, width, height),
      u: cropPlane(shown.u, codedWidth / 2, halfWidth, halfHeight),
      v: cropPlane(shown.v, codedWidth / 2, halfWidth, halfHeight),
    };
  }

  #toCodedSize({ y, u, v }: VisiblePlanes, q: number): DecodedPicture {
    const { width, height, codedWidth, codedHeight } = this.#geometry;
    const extend = (samples: Uint8Array, shift: number): Uint8Array<ArrayBuffer> => {
      const [stride, rows] = [codedWidth >> shift, codedHeight >> shift];
      const result = new Uint8Array(stride * rows);
      const plane = { at: 0, stride, width: stride, height: rows };
      writePlane(result, plane, samples, (width + shift) >> shift, (height + shift) >> shift);
      return result;
    };
    return {
      planes: { y: extend(y, 0), u: extend(u, 1), v: extend(v, 1) },
      side: foreignSidePlanes(this.#geometry, q),
      attenuation: 0,
    };
  }

  /** Ends the workers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker[Symbol.asyncDispose]()));
  }
}
