import type { Planes } from '../codec/planes.js';
import { CanvasRenderer } from './canvas-renderer.js';
import type { ColourMatrix } from './colour-matrix.js';
import type { PictureLayout } from './picture-layout.js';
import { WebGlRenderer } from './webgl-renderer.js';

/** Where pictures are drawn. */
export type PlayerCanvas = HTMLCanvasElement | OffscreenCanvas;

/** What a renderer must know of a stream. */
export interface PictureFormat {
  readonly layout: PictureLayout;
  readonly colour: ColourMatrix;
  /** Samples of a row of luma in memory. */
  readonly stride: number;
  /** True: chroma samples lie at the left of two luma samples; false: between them. */
  readonly isChromaLeft: boolean;
}

/** Draws pictures. */
export interface Renderer {
  /**
   * Draws a picture.
   *
   * @param unfiltered shown instead of `planes` left of `split`.
   * @param split share of the shown width, 0..1; null: `planes` everywhere.
   */
  draw(planes: Planes, unfiltered: Planes, split: number | null): void;
  /** Frees what it holds outside of memory. */
  close(): void;
}

/** Makes the best renderer for a canvas, and gives the canvas its size. */
export function makeRenderer(canvas: PlayerCanvas, format: PictureFormat): Renderer {
  canvas.width = format.layout.shownWidth;
  canvas.height = format.layout.shownHeight;
  return WebGlRenderer.open(canvas, format) ?? new CanvasRenderer(canvas, format);
}
