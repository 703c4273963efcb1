import type { Planes } from '../codec/planes.js';
import { pictureImages, type PictureImages } from './picture-images.js';
import type { PictureFormat, PlayerCanvas, Renderer } from './renderer.js';

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Draws pictures on a 2D canvas, where there is no WebGL2, or only one that the processor computes. */
export class CanvasRenderer implements Renderer {
  readonly #context: Context | null;
  readonly #format: PictureFormat;
  readonly #images: PictureImages;

  constructor(canvas: PlayerCanvas, format: PictureFormat) {
    this.#format = format;
    this.#context = canvas.getContext('2d', { alpha: false }) as Context | null;
    this.#images = pictureImages(format);
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
    context.save();
    context.beginPath();
    context.rect(from, 0, to - from, shownHeight);
    context.clip();
    context.translate(shownWidth / 2, shownHeight / 2);
    context.rotate((rotation * Math.PI) / 180);
    const isTurned = rotation === 90 || rotation === 270;
    const [across, down] = isTurned ? [shownHeight, shownWidth] : [shownWidth, shownHeight];
    this.#images.with(planes, (image) => {
      context.drawImage(image, 0, 0, width, height, -across / 2, -down / 2, across, down);
    });
    context.restore();
  }
}
