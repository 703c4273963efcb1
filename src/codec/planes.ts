/** Planes without padding at coded size: y [codedHeight, codedWidth], u, v at half size. */
export interface Planes {
  readonly y: Uint8Array<ArrayBuffer>;
  readonly u: Uint8Array<ArrayBuffer>;
  readonly v: Uint8Array<ArrayBuffer>;
}

/** The visible planes of a frame: y [height, width], u, v at half size, rounded up. */
export interface VisiblePlanes {
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
}

/** A picture to encode. */
export interface TimedPicture extends VisiblePlanes {
  /** Presentation time in ticks. */
  readonly pts: bigint;
}

/** A plane in memory; `at` points at sample (0, 0), `stride` samples lead to the row below. */
export interface Plane {
  readonly at: number;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

/** The number of samples by which a reference plane is extended on each side. */
export const BORDER = 32;

/** Makes planes of a visible picture in one buffer: each buffer that is handed to another thread leaves garbage in both. */
export function allocatePlanes(width: number, height: number): Planes {
  const [luma, chroma] = [width * height, ((width + 1) >> 1) * ((height + 1) >> 1)];
  const all = new Uint8Array(luma + 2 * chroma);
  return { y: all.subarray(0, luma), u: all.subarray(luma, luma + chroma), v: all.subarray(luma + chroma) };
}

/** Returns the buffers of planes, each once. */
export function planeBuffers({ y, u, v }: VisiblePlanes): ArrayBuffer[] {
  return [...new Set([y, u, v].map((plane) => plane.buffer as ArrayBuffer))];
}

/** Copies `width` x `height` samples to a plane in `memory` and repeats their edges up to the plane's size. */
export function writePlane(memory: Uint8Array, plane: Plane, samples: Uint8Array, width: number, height: number): void {
  for (let row = 0; row < plane.height; row++) {
    const from = Math.min(row, height - 1) * width;
    const to = plane.at + row * plane.stride;
    memory.set(samples.subarray(from, from + width), to);
    if (width < plane.width) memory.fill(samples[from + width - 1]!, to + width, to + plane.width);
  }
}

/** Copies the first `width` x `height` samples of a plane whose rows have `stride` samples. */
export function cropPlane(plane: Uint8Array, stride: number, width: number, height: number): Uint8Array {
  if (stride === width) return plane.slice(0, width * height);
  const result = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    result.set(plane.subarray(row * stride, row * stride + width), row * width);
  }
  return result;
}
