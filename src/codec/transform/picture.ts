import type { Kernels, Pointer } from '../../kernels/kernels.js';
import { BORDER, writePlane, type Plane, type Planes, type VisiblePlanes } from '../planes.js';
import type { Geometry } from './frame-tokens.js';

/** Y, U and V of a picture. */
export type PicturePlanes = readonly [Plane, Plane, Plane];

/** A picture at coded size in kernel memory, with room for edge extension. */
export class Picture {
  readonly y: Plane;
  readonly u: Plane;
  readonly v: Plane;
  readonly #kernels: Kernels;
  /** Where its samples stand without gaps when they are read; null before that. */
  #packed: Pointer | null = null;

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
    const memory = this.#kernels.u8;
    this.planes.forEach(({ at, stride, width, height }, plane) => {
      const source = from.planes[plane]!;
      for (let row = 0; row < height; row++) {
        const start = source.at + row * source.stride;
        memory.copyWithin(at + row * stride, start, start + width);
      }
    });
  }

  /** Copies the planes out of kernel memory; they have one buffer. */
  read(): Planes {
    return this.readVisible(this.y.width, this.y.height);
  }

  /** Copies the visible picture of `width` x `height` out of kernel memory; the planes have one buffer. */
  readVisible(width: number, height: number): Planes {
    const kernels = this.#kernels;
    this.#packed ??= kernels.allocate(this.planes.reduce((sum, plane) => sum + plane.width * plane.height, 0));
    const start = this.#packed;
    const [chromaWidth, chromaHeight] = [(width + 1) >> 1, (height + 1) >> 1];
    const u = start + width * height;
    const v = u + chromaWidth * chromaHeight;
    packPlane(kernels, this.y, width, height, start);
    packPlane(kernels, this.u, chromaWidth, chromaHeight, u);
    packPlane(kernels, this.v, chromaWidth, chromaHeight, v);
    const all = new Uint8Array(kernels.u8.subarray(start, v + chromaWidth * chromaHeight));
    return { y: all.subarray(0, u - start), u: all.subarray(u - start, v - start), v: all.subarray(v - start) };
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

/** Copies samples of a plane to `to`, row after row. */
function packPlane(kernels: Kernels, { at, stride }: Plane, width: number, height: number, to: Pointer): void {
  const memory = kernels.u8;
  for (let row = 0; row < height; row++) {
    const from = at + row * stride;
    memory.copyWithin(to + row * width, from, from + width);
  }
}
