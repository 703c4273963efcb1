import { AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG } from 'node-av/constants';
import { FrameConverter } from './frame-converter.js';
import type { Frame } from '../frame.js';
import { pictureOfFrame } from '../owned-picture.js';
import { frameFromPlanar } from '../planar-buffer.js';

/** Scales 8-bit 4:2:0 frames to one size with FFmpeg's `scale` filter, bicubic; range and matrix stay. */
export class FrameScaler implements Disposable {
  readonly #width: number;
  readonly #height: number;
  readonly #fullRange: boolean;
  readonly #converter: FrameConverter;

  constructor(width: number, height: number, fullRange: boolean) {
    this.#width = width;
    this.#height = height;
    this.#fullRange = fullRange;
    this.#converter = new FrameConverter({ width, height, fullRange });
  }

  /** Returns a new frame, or the same frame if it already has the size. */
  async scale(frame: Frame): Promise<Frame> {
    const [width, height] = [this.#width, this.#height];
    if (frame.width === width && frame.height === height) return frame;
    const picture = pictureOfFrame(frame, { timeBase: { num: 1, den: 1 }, pts: 0n });
    try {
      picture.colorRange = this.#fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
      const planes = await this.#converter.convert(picture, `cannot scale to ${width}x${height}`);
      return frameFromPlanar(planes, width, height, frame.pts, frame.duration);
    } finally {
      picture.free();
    }
  }

  /** Frees the filter. */
  [Symbol.dispose](): void {
    this.#converter[Symbol.dispose]();
  }
}
