import type { Planes } from '../codec/planes.js';
import type { PictureFormat } from './renderer.js';

/** Makes images of pictures, as a 2D canvas takes them. */
export interface PictureImages {
  /** Calls `use` with the image of a picture, which is valid until `use` returns. */
  with(planes: Planes, use: (image: CanvasImageSource) => void): void;
}

/** Returns the best way to make images of pictures in this browser. */
export function pictureImages(format: PictureFormat): PictureImages {
  return VideoFrameImages.open(format) ?? new ConvertedImages(format);
}

/** The browser converts the planes to RGB, which is several times faster than to compute it here. */
class VideoFrameImages implements PictureImages {
  readonly #format: PictureFormat;
  readonly #colorSpace: VideoColorSpaceInit;
  #bytes = new Uint8Array(0);

  private constructor(format: PictureFormat, matrix: VideoMatrixCoefficients) {
    this.#format = format;
    // Of the colours only the matrix is applied, as in the other renderers.
    const plain = { primaries: 'bt709', transfer: 'iec61966-2-1' } as const;
    this.#colorSpace = { ...plain, matrix, fullRange: format.colour.isFullRange };
  }

  /** Returns null if the browser has no such conversion. */
  static open(format: PictureFormat): VideoFrameImages | null {
    const { name } = format.colour;
    return typeof VideoFrame === 'undefined' || name === null ? null : new VideoFrameImages(format, name);
  }

  with({ y, u, v }: Planes, use: (image: CanvasImageSource) => void): void {
    const { stride, layout } = this.#format;
    const length = y.length + u.length + v.length;
    if (this.#bytes.length !== length) this.#bytes = new Uint8Array(length);
    this.#bytes.set(y);
    this.#bytes.set(u, y.length);
    this.#bytes.set(v, y.length + u.length);
    const frame = new VideoFrame(this.#bytes, {
      ...{ format: 'I420', timestamp: 0, codedWidth: stride, codedHeight: y.length / stride },
      visibleRect: { x: 0, y: 0, width: layout.width, height: layout.height },
      colorSpace: this.#colorSpace,
    });
    use(frame);
    frame.close();
  }
}

/** RGB is computed here. */
class ConvertedImages implements PictureImages {
  readonly #format: PictureFormat;
  readonly #picture: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #image: ImageData;
  /** Contributions to red, green, blue of each value of a sample. */
  readonly #tables: readonly Float32Array[];

  constructor(format: PictureFormat) {
    const { layout, colour } = format;
    this.#format = format;
    this.#picture = new OffscreenCanvas(layout.width, layout.height);
    this.#context = this.#picture.getContext('2d', { alpha: false })!;
    this.#image = new ImageData(layout.width, layout.height);
    this.#image.data.fill(255);
    const [luma, , redV, , greenU, greenV, , blueU] = colour.matrix as [
      ...[number, number, number, number],
      ...[number, number, number, number],
    ];
    const table = (factor: number, offset: number): Float32Array =>
      Float32Array.from({ length: 256 }, (_, value) => factor * (value + 255 * offset));
    const [y, u, v] = colour.offset;
    this.#tables = [table(luma, y), table(redV, v), table(greenU, u), table(greenV, v), table(blueU, u)];
  }

  with(planes: Planes, use: (image: CanvasImageSource) => void): void {
    this.#convert(planes);
    this.#context.putImageData(this.#image, 0, 0);
    use(this.#picture);
  }

  #convert({ y, u, v }: Planes): void {
    const { layout, stride } = this.#format;
    const { data } = this.#image;
    const [lumas, redVs, greenUs, greenVs, blueUs] = this.#tables as [
      ...[Float32Array, Float32Array, Float32Array],
      ...[Float32Array, Float32Array],
    ];
    let to = 0;
    for (let row = 0; row < layout.height; row++) {
      const line = row * stride;
      const chromaLine = (row >> 1) * (stride / 2);
      for (let column = 0; column < layout.width; column++, to += 4) {
        const luma = lumas[y[line + column]!]!;
        const at = chromaLine + (column >> 1);
        const [cu, cv] = [u[at]!, v[at]!];
        data[to] = luma + redVs[cv]!;
        data[to + 1] = luma + greenUs[cu]! + greenVs[cv]!;
        data[to + 2] = luma + blueUs[cu]!;
      }
    }
  }
}
