/** Transparency: streams do not support it, so pictures are put on black before they are converted. */
import { AV_PIX_FMT_RGBA, AV_PIX_FMT_YUV420P } from 'node-av/constants';
import type { Frame as AvFrame } from 'node-av/lib';
import { ownedPicture } from '../owned-picture.js';
import { chromaSize } from '../planar-buffer.js';
import { formatName, FrameConverter, isFullRange, isRgb } from './frame-converter.js';

/** The note for the user. */
export const transparencyNote = 'the pictures are transparent: transparency is dropped, what it hides is black';

/** True for pixel formats with an alpha plane or channel; a palette's colours can be transparent, too. */
export function hasAlpha(format: number): boolean {
  return /^(yuva|ya\d|gbrap|rgba|bgra|argb|abgr|ayuv|vuya$|uyva|pal8)/.test(formatName(format));
}

/** Puts pictures with transparent parts on black. */
export class TransparencyRemover implements Disposable {
  #converter: FrameConverter | null = null;
  #key = '';

  /**
   * Returns the picture on black, which the caller frees; null if no part of it is transparent.
   *
   * @param what - the beginning of the error message if FFmpeg cannot convert it
   */
  async remove(picture: AvFrame, what: string): Promise<AvFrame | null> {
    if (!hasAlpha(picture.format)) return null;
    const { width, height } = picture;
    const rgb = isRgb(picture.format);
    const fullRange = rgb || isFullRange(picture);
    const planes = new Uint8Array(await this.#converterFor(width, height, fullRange, rgb).convert(picture, what));
    const isTransparent = rgb ? blackenRgba(planes) : blackenPlanes(planes, width, height, fullRange ? 0 : 16);
    if (!isTransparent) return null;
    const flat = ownedPicture(planes, {
      ...{ width, height, pts: picture.pts, timeBase: { num: 1, den: 1 } },
      format: rgb ? AV_PIX_FMT_RGBA : AV_PIX_FMT_YUV420P,
    });
    flat.colorRange = picture.colorRange;
    flat.colorSpace = picture.colorSpace;
    flat.chromaLocation = picture.chromaLocation;
    flat.flags = picture.flags;
    return flat;
  }

  /** Frees the converter. */
  [Symbol.dispose](): void {
    this.#converter?.[Symbol.dispose]();
    this.#converter = null;
  }

  #converterFor(width: number, height: number, fullRange: boolean, rgb: boolean): FrameConverter {
    const key = [width, height, fullRange, rgb].join();
    if (this.#converter === null || key !== this.#key) {
      this.#converter?.[Symbol.dispose]();
      this.#converter = new FrameConverter({ width, height, fullRange, pixelFormat: rgb ? 'rgba' : 'yuva420p' });
      this.#key = key;
    }
    return this.#converter;
  }
}

/** Puts 8-bit RGBA (four bytes per sample) on black, in place; true if any sample was not opaque. */
export function blackenRgba(rgba: Uint8Array): boolean {
  let isTransparent = false;
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3]!;
    if (alpha === 255) continue;
    isTransparent = true;
    for (let channel = at; channel < at + 3; channel++) rgba[channel] = scale(rgba[channel]!, alpha);
    rgba[at + 3] = 255;
  }
  return isTransparent;
}

/** The same for planes of Y, U, V and alpha, 4:2:0. Chroma uses the mean of the alpha samples at its position. */
function blackenPlanes(planes: Uint8Array, width: number, height: number, black: number): boolean {
  const luma = width * height;
  const [columns, rows] = [chromaSize(width), chromaSize(height)];
  const alphaAt = luma + 2 * columns * rows;
  let isTransparent = false;
  for (let at = 0; at < luma; at++) {
    const alpha = planes[alphaAt + at]!;
    if (alpha === 255) continue;
    isTransparent = true;
    planes[at] = black + scale(Math.max(planes[at]! - black, 0), alpha);
  }
  if (!isTransparent) return false;
  for (let row = 0; row < rows; row++) {
    const below = Math.min(2 * row + 1, height - 1);
    for (let column = 0; column < columns; column++) {
      const right = Math.min(2 * column + 1, width - 1);
      let alpha = 0;
      for (const y of [2 * row, below]) for (const x of [2 * column, right]) alpha += planes[alphaAt + y * width + x]!;
      for (const plane of [luma, luma + columns * rows]) {
        const at = plane + row * columns + column;
        planes[at] = Math.round(128 + ((planes[at]! - 128) * alpha) / (4 * 255));
      }
    }
  }
  return true;
}

function scale(sample: number, alpha: number): number {
  return Math.round((sample * alpha) / 255);
}
