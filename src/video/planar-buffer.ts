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
 * Returns a {@link Frame} whose planes lie in `packed` (Y, U, V without padding): its bytes must not change any more.
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
  // Not subarray(), which would give Node Buffers of a Node Buffer.
  const plane = (start: number, length: number) => new Uint8Array(packed.buffer, packed.byteOffset + start, length);
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

/** Samples to leave out at each side of a picture. */
export interface Cropping {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Cuts packed planes (as of {@link frameFromPlanar}) down. With odd `top` and `left`, chroma starts half a sample
 * earlier.
 */
export function cropPlanar(packed: Uint8Array, width: number, height: number, cropping: Cropping): Uint8Array {
  const { top, left } = cropping;
  const newWidth = width - left - cropping.right;
  const newHeight = height - top - cropping.bottom;
  if (newWidth === width && newHeight === height) return packed;
  const result = new Uint8Array(planarByteLength(newWidth, newHeight));
  let from = 0;
  let to = 0;
  const cut = (stride: number, rows: number, x: number, y: number, columns: number, count: number) => {
    for (let row = 0; row < count; row++, to += columns) {
      const start = from + (y + row) * stride + x;
      result.set(packed.subarray(start, start + columns), to);
    }
    from += stride * rows;
  };
  cut(width, height, left, top, newWidth, newHeight);
  for (let plane = 0; plane < 2; plane++) {
    cut(chromaSize(width), chromaSize(height), left >> 1, top >> 1, chromaSize(newWidth), chromaSize(newHeight));
  }
  return result;
}

/** Returns the frame with even width and height: repeats its last column and row if needed. Chroma needs no change. */
export function padToEven(frame: Frame): Frame {
  const width = frame.width + (frame.width % 2);
  const height = frame.height + (frame.height % 2);
  const y = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = Math.min(row, frame.height - 1) * frame.width;
    y.set(frame.y.subarray(start, start + frame.width), row * width);
    if (width > frame.width) y[row * width + width - 1] = frame.y[start + frame.width - 1] ?? 0;
  }
  return { ...frame, width, height, y };
}
