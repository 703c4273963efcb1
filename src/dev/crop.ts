import type { Frame } from '../video/frame.js';

/** A part of a picture in luma samples; `x` and `y` are even. */
export interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A part of a frame, copied. */
export function cropFrame(frame: Frame, part: Part): Frame {
  const { x, y, width, height } = part;
  if (width === frame.width && height === frame.height) return frame;
  const chroma = { x: x / 2, y: y / 2, width: (width + 1) >> 1, height: (height + 1) >> 1 };
  const chromaStride = (frame.width + 1) >> 1;
  return {
    ...frame,
    width,
    height,
    y: cropPlane(frame.y, frame.width, part),
    u: cropPlane(frame.u, chromaStride, chroma),
    v: cropPlane(frame.v, chromaStride, chroma),
  };
}

function cropPlane(plane: Uint8Array, stride: number, { x, y, width, height }: Part): Uint8Array {
  const result = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = (y + row) * stride + x;
    result.set(plane.subarray(from, from + width), row * width);
  }
  return result;
}
