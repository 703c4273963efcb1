import {
  AV_BUFFERSRC_FLAG_KEEP_REF,
  AV_FRAME_FLAG_INTERLACED,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
} from 'node-av/constants';
import { avGetPixFmtName, Filter, type FilterContext, FilterGraph, Frame as AvFrame } from 'node-av/lib';
import { mustExist, throwIfInputFails } from '../libav.js';

/** The options of FFmpeg's filter `scale`, also for commands that people run. */
export const SCALE_FLAGS = 'bicubic+accurate_rnd+full_chroma_int';

/** The target of the conversion. */
export interface PictureFormat {
  readonly width: number;
  readonly height: number;
  readonly fullRange: boolean;
  /** `yuv420p` by default. The other formats also have 8 bits and keep transparency. */
  readonly pixelFormat?: 'yuv420p' | 'yuva420p' | 'rgba';
}

/** Pixel formats that are 8-bit 4:2:0 already; the second differs from the first in its range only. */
export function isPlanar420(format: number): boolean {
  return format === AV_PIX_FMT_YUV420P || format === AV_PIX_FMT_YUVJ420P;
}

/** Returns true for RGB, palette and XYZ formats, for which we choose the matrix of the conversion to YUV. */
export function isRgb(format: number): boolean {
  return /^(gbr|rgb|bgr|argb|abgr|[0x](rgb|bgr)|pal8|bayer|x2rgb|x2bgr|monow|monob)/.test(formatName(format));
}

/** libav's name of a pixel format, such as `yuv422p10le`. */
export function formatName(format: number): string {
  return avGetPixFmtName(format as Parameters<typeof avGetPixFmtName>[0]) ?? `format ${format}`;
}

/** A pixel format in words, such as `10-bit 4:2:2 (yuv422p10le)`. */
export function describeFormat(format: number): string {
  const name = formatName(format);
  const depth = /(?:p|gray|gbrap?)(9|10|12|14|16)(?:le|be)$/.exec(name)?.[1] ?? (/48|64/.test(name) ? '16' : '8');
  const sampling = /^yuva?j?4(\d)(\d)/.exec(name);
  const kind = isRgb(format)
    ? 'RGB'
    : sampling
      ? `4:${sampling[1] ?? ''}:${sampling[2] ?? ''}`
      : /^nv12|^nv21|^p01/.test(name)
        ? '4:2:0'
        : name;
  return kind === name ? name : `${depth}-bit ${kind} (${name})`;
}

/**
 * Converts decoded pictures to 8-bit 4:2:0 of one size with FFmpeg's `scale` filter. The matrix of YUV sources stays;
 * RGB is converted with BT.709; the fields of interlaced pictures stay separate. The filter graph is rebuilt when the
 * pictures' own format changes.
 */
export class FrameConverter implements Disposable {
  readonly #target: PictureFormat;
  #key = '';
  #graph: FilterGraph | null = null;
  #source: FilterContext | null = null;
  #sink: FilterContext | null = null;

  constructor(target: PictureFormat) {
    this.#target = target;
  }

  /** Planes of `picture` (Y, U, V without padding) in the target format. */
  async convert(picture: AvFrame, what: string): Promise<Buffer> {
    const { width, height, fullRange, pixelFormat = 'yuv420p' } = this.#target;
    const pictureFull = isFullRange(picture);
    const sameSize = picture.width === width && picture.height === height;
    const sameFormat =
      pixelFormat === 'yuv420p' ? isPlanar420(picture.format) : formatName(picture.format) === pixelFormat;
    if (sameSize && sameFormat && pictureFull === fullRange) return picture.toBuffer();
    const key = [picture.width, picture.height, picture.format, pictureFull, picture.colorSpace, isInterlaced(picture)];
    if (key.join() !== this.#key) await this.#build(picture, pictureFull, what);
    this.#key = key.join();
    const source = mustExist(this.#source, 'a buffer source');
    const sink = mustExist(this.#sink, 'a buffer sink');
    throwIfInputFails(await source.buffersrcAddFrame(picture, AV_BUFFERSRC_FLAG_KEEP_REF), what);
    const output = new AvFrame();
    try {
      output.alloc();
      throwIfInputFails(await sink.buffersinkGetFrame(output), what);
      return output.toBuffer();
    } finally {
      output.free();
    }
  }

  async #build(picture: AvFrame, pictureFull: boolean, what: string): Promise<void> {
    this[Symbol.dispose]();
    const graph = new FilterGraph();
    this.#graph = graph;
    graph.alloc();
    const rgb = isRgb(picture.format);
    // yuvj formats have the range in their name, but the buffer source needs it as an option.
    const input = [
      `video_size=${picture.width}x${picture.height}`,
      `pix_fmt=${picture.format}`,
      'time_base=1/1',
      `colorspace=${picture.colorSpace}`,
      `range=${rgb ? AVCOL_RANGE_JPEG : picture.colorRange}`,
    ].join(':');
    const scale = [
      `w=${this.#target.width}`,
      `h=${this.#target.height}`,
      `flags=${SCALE_FLAGS}`,
      // The lines of an interlaced picture belong to two moments, so each field is scaled separately.
      ...(isInterlaced(picture) ? ['interl=1'] : []),
      `in_range=${rgb || pictureFull ? 'full' : 'limited'}`,
      `out_range=${this.#target.fullRange ? 'full' : 'limited'}`,
      ...(rgb ? ['out_color_matrix=bt709'] : []),
    ].join(':');
    const create = (filter: 'buffer' | 'scale' | 'format' | 'buffersink', args: string | null) =>
      mustExist(graph.createFilter(mustExist(Filter.getByName(filter), filter), filter, args), `filter ${filter}`);
    const chain = [
      create('buffer', input),
      create('scale', scale),
      create('format', `pix_fmts=${this.#target.pixelFormat ?? 'yuv420p'}`),
    ] as const;
    const sink = create('buffersink', null);
    throwIfInputFails(chain[0].link(0, chain[1], 0), what);
    throwIfInputFails(chain[1].link(0, chain[2], 0), what);
    throwIfInputFails(chain[2].link(0, sink, 0), what);
    throwIfInputFails(await graph.config(), what);
    this.#source = chain[0];
    this.#sink = sink;
  }

  /** Frees the filter graph. */
  [Symbol.dispose](): void {
    this.#graph?.free();
    this.#graph = null;
    this.#source = null;
    this.#sink = null;
    this.#key = '';
  }
}

/** Returns true if the lines of a decoded picture belong to two moments in alternation. */
export function isInterlaced(picture: AvFrame): boolean {
  return (picture.flags & AV_FRAME_FLAG_INTERLACED) !== 0;
}

/** True if a decoded picture's YUV samples use the full range. */
export function isFullRange(picture: AvFrame): boolean {
  return picture.colorRange === AVCOL_RANGE_JPEG || /^yuvj/.test(formatName(picture.format));
}
