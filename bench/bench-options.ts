/** The options and results of a benchmark run. It uses no types of other packages, so that all can be exported. */
import type { MetricName } from '../src/metrics/metric-names.js';

/** Figures from a paper, shown next to the measured figures. */
export interface PublishedFigures {
  readonly title: string;
  /** The source of the figures, and the clips of the measurement. */
  readonly source: string;
  readonly bitsPerPixel: number;
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>;
}

/** Codecs, settings, metrics and clips of a run. A missing value comes from the preset, then from the default. */
export interface BenchSettings {
  /** Video files, folders, patterns (`clips/*.mkv`), JSON files that describe raw video. */
  readonly clips?: readonly string[];
  /** Codecs, each with its settings if not the codec's own: `x264:medium@18,22,26`. */
  readonly codecs?: readonly string[];
  /** Default: PSNR Y, PSNR 6:1:1, SSIM, MS-SSIM, LPIPS. */
  readonly metrics?: readonly MetricName[];
  /** Frames of each clip at most. Default: all. */
  readonly frames?: number;
  /** Size that clips are scaled to, even numbers. Default: their own. */
  readonly size?: { readonly width: number; readonly height: number };
  /** Frames from one key frame to the next at most, for all codecs. Default: 250. */
  readonly keyint?: number;
  /** Frames of each job that are kept as pictures, spread over the clip. Default: 3. */
  readonly pictures?: number;
  /** Bits per pixel at which curves are compared. Default: none. */
  readonly targetBitsPerPixel?: number;
  /** Figures from papers, shown with that rate. */
  readonly published?: readonly PublishedFigures[];
}

/** How a benchmark is run. */
export interface BenchOptions extends BenchSettings {
  /** Name of a preset (`quick`, `standard`, `hd`, `hd-anchors`, `low-delay`, `loss`, `seed`) or path of a YAML file. */
  readonly preset?: string;
  /** Folder of the results; created if missing. A stopped run in this folder continues. */
  readonly folder: string;
  /** True: delete another run in the folder. Default: false. */
  readonly restart?: boolean;
  /** Jobs at once; times are only taken with 1, the default. */
  readonly jobs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told whenever a job has ended. Must not throw. */
  readonly onProgress?: ((progress: BenchProgress) => void) | undefined;
  /** Gets information for the user, one line each. Must not throw. */
  readonly onNote?: ((note: string) => void) | undefined;
}

/** How far a run is. */
export interface BenchProgress {
  /** Jobs that have ended, those of an earlier run among them. */
  readonly jobs: number;
  readonly totalJobs: number;
  readonly failedJobs: number;
  /** Null before the first job has ended. */
  readonly secondsLeft: number | null;
  /** The current job, such as `foreman x264:medium@22`. */
  readonly current: string;
}

/** The result of a run. */
export interface BenchSummary {
  /** Path of `results.json`; docs/BENCHMARK.md says where its fields are documented. */
  readonly resultsFile: string;
  readonly jobs: number;
  readonly failedJobs: readonly FailedBenchJob[];
  readonly seconds: number;
}

/** A job that failed. */
export interface FailedBenchJob {
  readonly clip: string;
  readonly codec: string;
  readonly setting: number;
  readonly reason: string;
}

/** A job that would be done: what `--dry-run` lists. */
export interface BenchJobPlan {
  readonly clip: string;
  readonly codec: string;
  readonly setting: number;
  /** The command that does the same by hand. */
  readonly command: string;
}
