import type { Frame } from './frame.js';

/** Width or height of a 4:2:0 chroma plane for a luma plane of `size` samples. */
export function chromaSize(size: number): number {
  return (size + 1) >> 1;
}

/** Bytes of one packed 4:2:0 picture of 8 bits. */
export function planarByteLength(width: number, height: number): number {
  return width * height + 2 * chromaSize(width) * chromaSize(height);
}

/**
 * Copies packed planes (Y, U, V without padding) into a {@link Frame} that owns one buffer per plane, so that a caller
 * can hand any plane to a worker.
 *
 * @throws RangeError if `packed` is not exactly one picture long
 */
export function frameFromPlanar(
  packed: Uint8Array,
  width: number,
  height: number,
  pts: bigint,
  duration: bigint,
): Frame {
  const luma = width * height;
  const chroma = chromaSize(width) * chromaSize(height);
  if (packed.length !== luma + 2 * chroma) {
    throw new RangeError(`a ${width}x${height} picture has ${luma + 2 * chroma} bytes, not ${packed.length}`);
  }
  // slice() of a Node Buffer would share memory; the copy constructor never does.
  const plane = (start: number, length: number) => new Uint8Array(packed.subarray(start, start + length));
  return {
    width,
    height,
    y: plane(0, luma),
    u: plane(luma, chroma),
    v: plane(luma + chroma, chroma),
    pts,
    duration,
  };
}

/** The planes of `frame` one after another, Y, U, V, without padding. */
export function planarFromFrame(frame: Frame): Buffer {
  return Buffer.concat([frame.y, frame.u, frame.v]);
}
