import { frameToRgb } from '../../video/convert/colour.js';
import { FrameScaler } from '../../video/convert/frame-scaler.js';
import type { Frame, VideoProperties } from '../../video/frame.js';
import { CLASSIFIER_SIZE } from '../../words/classifier.js';

/** Makes the pictures that a classifier takes: RGB of 224x224 samples, the whole frame whatever its shape. */
export class ClassifierPictures implements Disposable {
  readonly #properties: Pick<VideoProperties, 'colour' | 'rotation'>;
  readonly #scaler: FrameScaler;

  constructor(properties: Pick<VideoProperties, 'colour' | 'rotation'>) {
    this.#properties = properties;
    this.#scaler = new FrameScaler(CLASSIFIER_SIZE, CLASSIFIER_SIZE, properties.colour.fullRange);
  }

  /** Scales a frame. Returns what makes the picture of it, turned as it is shown: that takes longer. */
  async of(frame: Frame): Promise<() => Uint8Array> {
    const { colour, rotation } = this.#properties;
    const scaled = await this.#scaler.scale(frame);
    return () => turn(frameToRgb(scaled, colour), CLASSIFIER_SIZE, rotation);
  }

  /** Frees the scaler. */
  [Symbol.dispose](): void {
    this.#scaler[Symbol.dispose]();
  }
}

/** Turns a square RGB picture clockwise. */
function turn(rgb: Uint8Array, size: number, rotation: VideoProperties['rotation']): Uint8Array {
  if (rotation === 0) return rgb;
  const turned = new Uint8Array(rgb.length);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      // The sample of the source that lands at (x, y).
      const [fromX, fromY] =
        rotation === 90 ? [y, size - 1 - x] : rotation === 180 ? [size - 1 - x, size - 1 - y] : [size - 1 - y, x];
      const from = 3 * (fromY * size + fromX);
      turned.set(rgb.subarray(from, from + 3), 3 * (y * size + x));
    }
  }
  return turned;
}
