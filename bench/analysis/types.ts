/**
 * The results of the analysis of a run. These types import nothing, so that the page's scripts, which know no Node, share
 * them. Metrics are named as in `src/metrics/metric-names.ts`; every number is finite.
 */

/** A number, or one line that says why there is none (shown as N/A). */
export type Figure = { readonly value: number } | { readonly reason: string };

/** One measured point of a rate-distortion curve. */
export interface CurvePoint {
  readonly setting: number;
  /** Bits per pixel. */
  readonly rate: number;
  /** Of the metric, in its own unit. */
  readonly value: number;
}

/** A codec's curve on average over the clips of a run. */
export interface MeanCurve {
  readonly codec: string;
  readonly metric: string;
  /** By rising rate: rate and value are means over all clips at one setting. */
  readonly points: readonly CurvePoint[];
  /** Settings that are not in the curve, one line each, because a clip is missing there. */
  readonly leftOut: readonly string[];
}

/** Two curves of one clip compared. */
export interface BdEntry {
  /** BD-rate by PCHIP, percent; negative is better. */
  readonly rate: Figure;
  /** BD-rate by Akima's interpolation, percent. */
  readonly rateAkima: Figure;
  /**
   * Difference at equal rate, in the unit and the direction of the metric: for PSNR more is better, for LPIPS less.
   */
  readonly quality: Figure;
  /** Share of all qualities that both curves reach, 0..1; null without a BD-rate. */
  readonly overlap: number | null;
}

/** A kind of figure in {@link BdEntry}. */
export type BdKind = 'rate' | 'rateAkima' | 'quality';

/** All clips' figures of one kind. */
export interface BdSummary {
  /** Of the clips that have a figure. */
  readonly mean: Figure;
  readonly median: Figure;
  /** 95 % bootstrap interval of the mean over clips. */
  readonly interval: { readonly low: number; readonly high: number } | { readonly reason: string };
  /** Clips that have a figure. */
  readonly count: number;
}

/** A codec against the anchor. */
export interface BdRow {
  readonly codec: string;
  /** In the order of the run's clips. */
  readonly clips: readonly BdEntry[];
  readonly summary: Readonly<Record<BdKind, BdSummary>>;
}

/** All codecs but the anchor, against it, by one metric. */
export interface BdTable {
  readonly anchor: string;
  readonly metric: string;
  readonly rows: readonly BdRow[];
}

/** Speed and memory of a codec in one direction, over all of its jobs. */
export interface Speed {
  /** All frames over all seconds. */
  readonly framesPerSecond: number;
  /** The slowest and the fastest setting, over all clips. */
  readonly slowest: number;
  readonly fastest: number;
  /** All processor seconds over all frames. */
  readonly cpuSecondsPerFrame: number;
  /** The most of any job. */
  readonly peakBytes: number;
}

/** Both directions of a codec, or why nothing is known. */
export interface CodecSpeed {
  readonly codec: string;
  readonly encode: Speed | { readonly reason: string };
  readonly decode: Speed | { readonly reason: string };
}

/** A codec's metrics at one rate, interpolated on its curves. */
export interface AtRateRow {
  readonly codec: string;
  /** Mean over the clips whose curve reaches the rate, by metric. */
  readonly values: Readonly<Record<string, { readonly figure: Figure; readonly count: number }>>;
}
