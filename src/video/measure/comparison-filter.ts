import { AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { Filter, FilterGraph, Frame as AvFrame, type FilterContext } from 'node-av/lib';
import { EnvironmentError } from '../../errors.js';
import type { Frame, Rational } from '../frame.js';
import { mustExist, throwIfOutputFails } from '../libav.js';
import { pictureOfFrame } from '../owned-picture.js';

/** Whether this build of FFmpeg's libraries has a filter. */
export function hasFilter(name: string): boolean {
  return Filter.getByName(name) !== null;
}

/** A filter of FFmpeg that compares two videos and gives figures for each frame: `psnr`, `ssim`, `xpsnr`. */
export class ComparisonFilter implements Disposable {
  readonly #what: string;
  readonly #graph: FilterGraph;
  readonly #sources: readonly [original: FilterContext, decoded: FilterContext];
  readonly #sink: FilterContext;
  #frames = 0n;

  private constructor(
    what: string,
    graph: FilterGraph,
    sources: readonly [FilterContext, FilterContext],
    sink: FilterContext,
  ) {
    this.#what = what;
    this.#graph = graph;
    this.#sources = sources;
    this.#sink = sink;
  }

  /** @throws EnvironmentError if this build of FFmpeg's libraries lacks the filter. */
  static async start(
    name: string,
    { width, height, frameRate }: { width: number; height: number; frameRate: Rational },
  ): Promise<ComparisonFilter> {
    const what = `cannot compare videos by FFmpeg's filter ${name}`;
    const graph = new FilterGraph();
    try {
      graph.alloc();
      const create = (filter: string, label: string, args: string | null): FilterContext => {
        const found = Filter.getByName(filter);
        if (found === null) throw new EnvironmentError(`${what}: this build has no ${filter}`);
        return mustExist(graph.createFilter(found, label, args), `filter ${filter}`);
      };
      const input = [
        `video_size=${width}x${height}`,
        `pix_fmt=${AV_PIX_FMT_YUV420P}`,
        `time_base=${frameRate.den}/${frameRate.num}`,
        `frame_rate=${frameRate.num}/${frameRate.den}`,
      ].join(':');
      const sources = [create('buffer', 'original', input), create('buffer', 'decoded', input)] as const;
      const filter = create(name, 'comparison', null);
      const sink = create('buffersink', 'sink', null);
      throwIfOutputFails(sources[0].link(0, filter, 0), what);
      throwIfOutputFails(sources[1].link(0, filter, 1), what);
      throwIfOutputFails(filter.link(0, sink, 0), what);
      throwIfOutputFails(await graph.config(), what);
      return new ComparisonFilter(what, graph, sources, sink);
    } catch (error) {
      graph.free();
      throw error;
    }
  }

  /**
   * The metadata that the filter writes for the next pair: `lavfi.psnr.psnr.y`, `lavfi.ssim.Y`, `lavfi.xpsnr.xpsnr.y`
   * ...
   */
  async measure(original: Frame, decoded: Frame): Promise<Record<string, string>> {
    const pts = this.#frames++;
    await this.#feed(this.#sources[0], original, pts);
    await this.#feed(this.#sources[1], decoded, pts);
    const output = new AvFrame();
    try {
      output.alloc();
      throwIfOutputFails(await this.#sink.buffersinkGetFrame(output), this.#what);
      return output.getMetadata().getAll();
    } finally {
      output.free();
    }
  }

  async #feed(source: FilterContext, picture: Frame, pts: bigint): Promise<void> {
    const frame = pictureOfFrame(picture, { timeBase: { num: 1, den: 1 }, pts });
    try {
      throwIfOutputFails(await source.buffersrcAddFrame(frame), this.#what);
    } finally {
      frame.free();
    }
  }

  /** Frees the filter graph; safe to call twice. */
  [Symbol.dispose](): void {
    this.#graph.free();
  }
}
