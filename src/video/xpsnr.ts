import { AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { Filter, FilterGraph, Frame as AvFrame, type FilterContext } from 'node-av/lib';
import { EnvironmentError } from '../errors.js';
import type { Frame, Rational } from './frame.js';
import { mustExist, throwIfOutputFails } from './libav.js';
import { planarFromFrame } from './planar-buffer.js';

const WHAT = 'cannot measure XPSNR';

/** Whether this build of FFmpeg's libraries has the filter. */
export function hasXpsnr(): boolean {
  return Filter.getByName('xpsnr') !== null;
}

/** FFmpeg's filter `xpsnr`: frames of a clip in their order, as it weights blocks by their motion. */
export class XpsnrMeter implements Disposable {
  readonly #graph: FilterGraph;
  readonly #sources: readonly [original: FilterContext, decoded: FilterContext];
  readonly #sink: FilterContext;
  #frames = 0n;

  private constructor(graph: FilterGraph, sources: readonly [FilterContext, FilterContext], sink: FilterContext) {
    this.#graph = graph;
    this.#sources = sources;
    this.#sink = sink;
  }

  /** @throws EnvironmentError if this build of FFmpeg's libraries lacks the filter. */
  static async start(clip: { width: number; height: number; frameRate: Rational }): Promise<XpsnrMeter> {
    const { width, height, frameRate } = clip;
    const graph = new FilterGraph();
    try {
      graph.alloc();
      const create = (filter: string, name: string, args: string | null): FilterContext => {
        const found = Filter.getByName(filter);
        if (found === null) throw new EnvironmentError(`${WHAT}: FFmpeg has no filter ${filter}`);
        return mustExist(graph.createFilter(found, name, args), `filter ${filter}`);
      };
      const input = [
        `video_size=${width}x${height}`,
        `pix_fmt=${AV_PIX_FMT_YUV420P}`,
        `time_base=${frameRate.den}/${frameRate.num}`,
        `frame_rate=${frameRate.num}/${frameRate.den}`,
      ].join(':');
      const sources = [create('buffer', 'original', input), create('buffer', 'decoded', input)] as const;
      const filter = create('xpsnr', 'xpsnr', null);
      const sink = create('buffersink', 'sink', null);
      throwIfOutputFails(sources[0].link(0, filter, 0), WHAT);
      throwIfOutputFails(sources[1].link(0, filter, 1), WHAT);
      throwIfOutputFails(filter.link(0, sink, 0), WHAT);
      throwIfOutputFails(await graph.config(), WHAT);
      return new XpsnrMeter(graph, sources, sink);
    } catch (error) {
      graph.free();
      throw error;
    }
  }

  /** XPSNR of the planes Y, U, V, dB; infinite for identical planes. */
  async measure(original: Frame, decoded: Frame): Promise<[y: number, u: number, v: number]> {
    const pts = this.#frames++;
    await this.#feed(this.#sources[0], original, pts);
    await this.#feed(this.#sources[1], decoded, pts);
    const output = new AvFrame();
    try {
      output.alloc();
      throwIfOutputFails(await this.#sink.buffersinkGetFrame(output), WHAT);
      const values = output.getMetadata().getAll();
      const read = (plane: string): number => {
        const text = values[`lavfi.xpsnr.xpsnr.${plane}`];
        if (text === undefined) throw new EnvironmentError(`${WHAT}: FFmpeg's filter xpsnr gives no value per frame`);
        return /^inf/i.test(text) ? Infinity : Number(text);
      };
      return [read('y'), read('u'), read('v')];
    } finally {
      output.free();
    }
  }

  async #feed(source: FilterContext, picture: Frame, pts: bigint): Promise<void> {
    const frame = AvFrame.fromVideoBuffer(planarFromFrame(picture), {
      width: picture.width,
      height: picture.height,
      format: AV_PIX_FMT_YUV420P,
      timeBase: { num: 1, den: 1 },
      pts,
    });
    try {
      throwIfOutputFails(await source.buffersrcAddFrame(frame), WHAT);
    } finally {
      frame.free();
    }
  }

  /** Frees the filter graph; safe to call twice. */
  [Symbol.dispose](): void {
    this.#graph.free();
  }
}
