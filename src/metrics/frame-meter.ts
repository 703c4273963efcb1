import type { FloatTensor } from '../model/float-graph.js';
import type { GraphOptions } from '../model/graph.js';
import type { ColourDescription } from '../video/frame.js';
import { computeFlicker } from './flicker.js';
import type { FramePair } from './frame-pair.js';
import { frameToTensor, Lpips } from './lpips.js';
import type { ClipMetric } from './clip-meters.js';
import type { MetricName } from './metric-names.js';
import { computeMsSsim } from './ms-ssim.js';
import { computePsnr, limitDecibel } from './psnr.js';
import { computeSsim } from './ssim.js';
import { changeOf, computeSteadyPsnr } from './steadiness.js';

/** Metrics of a frame, or of a frame and the one before it: they can be computed in any order, in any thread. */
export type FrameMetric = Exclude<MetricName, ClipMetric>;

/** The configuration of a {@link FrameMeter}. */
export interface FrameMeterSetup {
  readonly names: readonly FrameMetric[];
  readonly colour: ColourDescription;
  readonly graph: GraphOptions;
}

/** Values of one frame; missing are temporal metrics of the first frame, and flicker of a frame without still regions. */
export type FrameValues = Partial<Record<FrameMetric, number>>;

interface RgbPair {
  readonly original: FloatTensor;
  readonly decoded: FloatTensor;
}

/** Measures pairs of frames in the calling thread. */
export class FrameMeter implements AsyncDisposable {
  readonly #names: ReadonlySet<FrameMetric>;
  readonly #colour: ColourDescription;
  readonly #lpips: Lpips | null;
  /** The frame measured last, as RGB: the next one's change is measured against it. */
  #last: { readonly pair: FramePair; readonly rgb: RgbPair } | null = null;

  private constructor(setup: FrameMeterSetup, lpips: Lpips | null) {
    this.#names = new Set(setup.names);
    this.#colour = setup.colour;
    this.#lpips = lpips;
  }

  /** @throws EnvironmentError, ModelError as {@link Lpips.create}, if LPIPS is asked for. */
  static async create(setup: FrameMeterSetup): Promise<FrameMeter> {
    const needsLpips = setup.names.some((name) => name === 'lpips' || name === 'steady-lpips');
    return new FrameMeter(setup, needsLpips ? await Lpips.create(undefined, setup.graph) : null);
  }

  /**
   * @param before the pair before, for temporal metrics; null for the first one.
   * @throws InputError if the sizes differ or are too small for a metric.
   */
  async measure(pair: FramePair, before: FramePair | null): Promise<FrameValues> {
    const { original, decoded } = pair;
    const values: FrameValues = {};
    if (['psnr-y', 'psnr-u', 'psnr-v', 'psnr-yuv'].some((name) => this.#names.has(name as FrameMetric))) {
      const psnr = computePsnr(original, decoded);
      const [y, u, v] = [limitDecibel(psnr.y), limitDecibel(psnr.u), limitDecibel(psnr.v)];
      Object.assign(values, { 'psnr-y': y, 'psnr-u': u, 'psnr-v': v, 'psnr-yuv': (6 * y + u + v) / 8 });
    }
    if (this.#names.has('ssim')) values.ssim = computeSsim(original, decoded);
    if (this.#names.has('ms-ssim')) values['ms-ssim'] = computeMsSsim(original, decoded);
    if (this.#names.has('steady-psnr') && before !== null) {
      values['steady-psnr'] = limitDecibel(computeSteadyPsnr(before, pair));
    }
    if (this.#names.has('flicker') && before !== null) {
      const flicker = computeFlicker(before, pair);
      if (flicker !== null) values.flicker = flicker;
    }
    if (this.#lpips !== null) await this.#measureLpips(this.#lpips, pair, before, values);
    return values;
  }

  async #measureLpips(lpips: Lpips, pair: FramePair, before: FramePair | null, values: FrameValues): Promise<void> {
    const rgb = this.#toRgb(pair);
    if (this.#names.has('lpips')) values.lpips = await lpips.compareRgb(rgb.original, rgb.decoded);
    if (!this.#names.has('steady-lpips')) return;
    if (before !== null) {
      const rgbBefore = this.#last?.pair === before ? this.#last.rgb : this.#toRgb(before);
      values['steady-lpips'] = await lpips.compareRgb(
        changeOf(rgbBefore.original, rgb.original),
        changeOf(rgbBefore.decoded, rgb.decoded),
      );
    }
    this.#last = { pair, rgb };
  }

  #toRgb({ original, decoded }: FramePair): RgbPair {
    return { original: frameToTensor(original, this.#colour), decoded: frameToTensor(decoded, this.#colour) };
  }

  /** Frees the graph; safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lpips?.[Symbol.asyncDispose]();
  }
}
