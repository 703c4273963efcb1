import type { Kernels } from '../../kernels/kernels.js';
import { allocatePlanes, BORDER, writePlane, type Plane, type Planes, type VisiblePlanes } from '../planes.js';
import type { Geometry } from './frame-tokens.js';

/** Y, U and V of a picture. */
export type PicturePlanes = readonly [Plane, Plane, Plane];

/** A picture at coded size in kernel memory, with room for edge extension. */
export class Picture {
  readonly y: Plane;
  readonly u: Plane;
  readonly v: Plane;
  readonly #kernels: Kernels;

  /** @param planes the positions of the planes in the memory of `kernels`. */
  constructor(
    kernels: Kernels,
    readonly planes: PicturePlanes,
  ) {
    this.#kernels = kernels;
    [this.y, this.u, this.v] = planes;
  }

  /** Allocates memory for a picture. */
  static allocate(kernels: Kernels, { codedWidth, codedHeight }: Geometry): Picture {
    const chroma = (): Plane => allocatePlane(kernels, codedWidth / 2, codedHeight / 2);
    return new Picture(kernels, [allocatePlane(kernels, codedWidth, codedHeight), chroma(), chroma()]);
  }

  /** Repeats the edge samples around all planes, so that motion may point outside. */
  extend(): void {
    for (const plane of this.planes) {
      this.#kernels.call.extendEdges(plane.at, plane.stride, plane.width, plane.height, BORDER);
    }
  }

  /** Copies the samples of a picture of the same size, without the extension. */
  copy(from: Picture): void {
    this.planes.forEach(({ at, stride, width, height }, plane) => {
      const source = from.planes[plane]!;
      this.#kernels.call.copyBlock(source.at, source.stride, at, stride, width, height);
    });
  }

  /** Copies the planes out of kernel memory, to `target` if it is given. */
  read(target?: Planes): Planes {
    return this.readVisible(this.y.width, this.y.height, target);
  }

  /** Copies the visible picture of `width` x `height` out of kernel memory. */
  readVisible(width: number, height: number, target = allocatePlanes(width, height)): Planes {
    const [chromaWidth, chromaHeight] = [(width + 1) >> 1, (height + 1) >> 1];
    const { y, u, v } = this;
    this.#kernels.read(y.at, y.stride, width, height, target.y);
    this.#kernels.read(u.at, u.stride, chromaWidth, chromaHeight, target.u);
    this.#kernels.read(v.at, v.stride, chromaWidth, chromaHeight, target.v);
    return target;
  }

  /** Copies planes at coded size in. */
  write(planes: Planes): void {
    writePlane(this.#kernels.u8, this.y, planes.y, this.y.width, this.y.height);
    writePlane(this.#kernels.u8, this.u, planes.u, this.u.width, this.u.height);
    writePlane(this.#kernels.u8, this.v, planes.v, this.v.width, this.v.height);
  }

  /** Copies a visible picture of `width` x `height` in and repeats its edges up to the coded size. */
  writeVisible(planes: VisiblePlanes, width: number, height: number): void {
    writePlane(this.#kernels.u8, this.y, planes.y, width, height);
    writePlane(this.#kernels.u8, this.u, planes.u, (width + 1) >> 1, (height + 1) >> 1);
    writePlane(this.#kernels.u8, this.v, planes.v, (width + 1) >> 1, (height + 1) >> 1);
  }
}

function allocatePlane(kernels: Kernels, width: number, height: number): Plane {
  const stride = width + 2 * BORDER;
  const base = kernels.allocate(stride * (height + 2 * BORDER));
  return { at: base + BORDER * stride + BORDER, stride, width, height };
}
