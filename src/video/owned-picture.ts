import type { AVPixelFormat } from 'node-av/constants';
import { avImageGetBufferSize, Frame as AvFrame, Rational } from 'node-av/lib';
import type { Rational as Ratio } from './frame.js';
import { mustExist } from './libav.js';

/** The properties of a picture that libav needs beside the samples. */
export interface PictureProperties {
  readonly width: number;
  readonly height: number;
  readonly format: AVPixelFormat;
  readonly timeBase: Ratio;
  /** In units of the time base. */
  readonly pts: bigint;
}

/**
 * A libav picture that owns a copy of `packed`, the planes of a picture without padding. node-av's own
 * `Frame.fromVideoBuffer` makes one that only points at its bytes: the garbage collector may free them while libav still
 * reads.
 *
 * @throws RangeError if `packed` is too short
 */
export function ownedPicture(packed: Uint8Array, properties: PictureProperties): AvFrame {
  const { width, height, format, timeBase, pts } = properties;
  const view = new AvFrame();
  try {
    view.alloc();
    view.width = width;
    view.height = height;
    view.format = format;
    view.timeBase = new Rational(timeBase.num, timeBase.den);
    view.pts = pts;
    view.fromBuffer(Buffer.from(packed.buffer, packed.byteOffset, packed.length));
    // If a picture does not own its buffers, libav makes a copy instead of a second reference.
    const picture = mustExist(view.clone(), 'a picture');
    // This is read after the copy, so that the bytes are in use until here.
    const missing = avImageGetBufferSize(format, width, height, 1) - packed.length;
    if (missing > 0) throw new RangeError(`a ${width}x${height} picture lacks ${missing} bytes`);
    return picture;
  } finally {
    view.free();
  }
}
