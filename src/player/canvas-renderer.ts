import type { Planes } from '../codec/planes.js';
import type { PictureFormat, PlayerCanvas, Renderer } from './renderer.js';

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Draws pictures where there is no WebGL2: RGB is computed here. */
export class CanvasRenderer implements Renderer {
  readonly #context: Context | null;
  readonly #format: PictureFormat;
  readonly #picture: OffscreenCanvas;
  readonly #pictureContext: OffscreenCanvasRenderingContext2D;
  readonly #image: ImageData;
  /** Contributions to red, green, blue of each value of a sample. */
  readonly #tables: readonly Float32Array[];

  constructor(canvas: PlayerCanvas, format: PictureFormat) {
    const { layout, colour } = format;
    this.#format = format;
    this.#context = canvas.getContext('2d', { alpha: false }) as Context | null;
    this.#picture = new OffscreenCanvas(layout.width, layout.height);
    this.#pictureContext = this.#picture.getContext('2d', { alpha: false })!;
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

  draw(planes: Planes, unfiltered: Planes, split: number | null): void {
    const { shownWidth } = this.#format.layout;
    this.#show(planes, 0, shownWidth);
    if (split !== null) this.#show(unfiltered, 0, Math.round(split * shownWidth));
  }

  close(): void {}

  /** Draws the columns `from` to `to` of the screen. */
  #show(planes: Planes, from: number, to: number): void {
    const context = this.#context;
    if (context === null || to <= from) return;
    const { width, height, shownWidth, shownHeight, rotation } = this.#format.layout;
    this.#convert(planes);
    this.#pictureContext.putImageData(this.#image, 0, 0);
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, shownHeight);
    context.clip();
    context.translate(shownWidth / 2, shownHeight / 2);
    context.rotate((rotation * Math.PI) / 180);
    const isTurned = rotation === 90 || rotation === 270;
    const [across, down] = isTurned ? [shownHeight, shownWidth] : [shownWidth, shownHeight];
    context.drawImage(this.#picture, 0, 0, width, height, -across / 2, -down / 2, across, down);
    context.restore();
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
