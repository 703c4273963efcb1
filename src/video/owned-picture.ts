import { AV_PIX_FMT_YUV420P, type AVPixelFormat } from 'node-av/constants';
import { avImageGetBufferSize, Frame as AvFrame, Rational } from 'node-av/lib';
import type { Frame, Rational as Ratio } from './frame.js';
import { mustExist, throwIfOutputFails } from './libav.js';

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

/**
 * Copies a frame into a new libav picture; the caller frees it.
 *
 * @throws EnvironmentError if there is not enough memory
 */
export function pictureOfFrame(frame: Frame, { timeBase, pts }: Pick<PictureProperties, 'timeBase' | 'pts'>): AvFrame {
  const picture = new AvFrame();
  try {
    picture.alloc();
    picture.width = frame.width;
    picture.height = frame.height;
    picture.format = AV_PIX_FMT_YUV420P;
    picture.timeBase = new Rational(timeBase.num, timeBase.den);
    picture.pts = pts;
    throwIfOutputFails(picture.allocBuffer(), 'cannot allocate a picture');
    const planes = mustExist(picture.data, 'a picture');
    [frame.y, frame.u, frame.v].forEach((samples, plane) => {
      const width = plane === 0 ? frame.width : (frame.width + 1) >> 1;
      const stride = picture.linesize[plane]!;
      for (let from = 0, to = 0; from < samples.length; from += width, to += stride) {
        planes[plane]!.set(samples.subarray(from, from + width), to);
      }
    });
    return picture;
  } catch (error) {
    picture.free();
    throw error;
  }
}
