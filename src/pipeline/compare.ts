import { InputError } from '../errors.js';
import type { PictureSize } from '../metrics/availability.js';
import {
  explainUnavailable,
  measureFrames,
  METRICS,
  summariseFrames,
  type FramePair,
  type FrameSummary,
  type MetricName,
} from '../metrics/measures.js';
import type { Frame } from '../video/frame.js';
import { openVideo, type VideoSource } from '../video/in/media-reader.js';
import { ProgressMeter, type LongCallOptions } from './progress.js';

/** The default metrics. */
const DEFAULT_METRICS: readonly MetricName[] = ['psnr-y', 'psnr-yuv', 'ssim', 'ms-ssim', 'lpips'];

/** How to compare. */
export interface CompareOptions extends Omit<LongCallOptions, 'onNote'> {
  /** Default: PSNR Y, PSNR 6:1:1, SSIM, MS-SSIM and LPIPS, except those that need larger pictures. */
  readonly metrics?: readonly MetricName[];
  /**
   * The number of frames to compare, from the first. Default: all frames; both videos must then have the same number.
   */
  readonly frames?: number;
  /** Worker threads. Default: one per core. */
  readonly threads?: number;
}

/** A metric of two videos. */
export interface ComparedMetric extends FrameSummary {
  /** Temporal metrics start with the second frame. */
  readonly perFrame: readonly number[];
}

/** The result of {@link compareVideos}. */
export interface CompareResult {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** A metric without values (a temporal one of a single frame, flicker without still regions) is missing. */
  readonly metrics: Readonly<Partial<Record<MetricName, ComparedMetric>>>;
  /** Reasons why default metrics were left out or a metric has no value, one line each. */
  readonly notes: readonly string[];
}

/**
 * Measures a video against its original, frame by frame in order. It ignores time stamps.
 *
 * @param original path of any file that FFmpeg reads, or of a folder of pictures; its colour description counts.
 * @param changed the same.
 * @throws InputError if one cannot be read, or their sizes or numbers of frames differ; EnvironmentError if a metric
 * cannot be measured on this machine; CancelledError.
 */
export async function compareVideos(
  original: string,
  changed: string,
  options: CompareOptions = {},
): Promise<CompareResult> {
  const { signal, frames: wanted, threads } = options;
  await using a = await openVideo(original, { signal });
  await using b = await openVideo(changed, { signal });
  const { width, height, colour, frameRate } = a.properties;
  if (b.properties.width !== width || b.properties.height !== height) {
    throw new InputError(
      `${original} is ${width}x${height}, ${changed} is ${b.properties.width}x${b.properties.height}: scale one of them`,
    );
  }
  const { metrics, notes } = await chooseMetrics(options.metrics, a.properties);
  const total = wanted ?? a.frameCountHint;
  const meter = new ProgressMeter(width * height, total, options.onProgress);
  const values = await measureFrames(metrics, pairFrames([original, a], [changed, b], wanted, signal), {
    ...{ colour, frameRate, signal },
    ...(threads === undefined ? {} : { threads }),
    onFrame: () => meter.addFrame(),
  });
  meter.finish();
  const found: Partial<Record<MetricName, ComparedMetric>> = {};
  for (const name of metrics) {
    const summary = summariseFrames(values[name], name);
    if (summary !== null) found[name] = { ...summary, perFrame: values[name] };
    else notes.push(`${METRICS[name].title} has no value: ${whyEmpty(name, meter.frames)}`);
  }
  return { width, height, frames: meter.frames, metrics: found, notes };
}

/** Only temporal metrics can have no value. */
function whyEmpty(name: MetricName, frames: number): string {
  return name === 'flicker' && frames > 1 ? 'the original has no still regions' : 'it needs two frames';
}

async function chooseMetrics(
  asked: readonly MetricName[] | undefined,
  size: PictureSize,
): Promise<{ metrics: readonly MetricName[]; notes: string[] }> {
  if (asked !== undefined) return { metrics: asked, notes: [] };
  const metrics: MetricName[] = [];
  const notes: string[] = [];
  for (const name of DEFAULT_METRICS) {
    const reason = await explainUnavailable(name, size);
    if (reason === null) metrics.push(name);
    else notes.push(reason);
  }
  return { metrics, notes };
}

type Named = readonly [name: string, video: VideoSource];

async function* pairFrames(
  [nameA, a]: Named,
  [nameB, b]: Named,
  wanted: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<FramePair, void, undefined> {
  const originals = a.frames({ signal });
  const changed = b.frames({ signal });
  for (let index = 0; index !== wanted; index++) {
    const [first, second] = [await nextOf(originals), await nextOf(changed)];
    if (first === null && second === null) {
      if (wanted === undefined) return;
      throw new InputError(`${nameA} and ${nameB} have ${index} frames, ${wanted} are to be compared`);
    }
    if (first === null || second === null) {
      const [shorter, longer] = first === null ? [nameA, nameB] : [nameB, nameA];
      throw new InputError(
        `${shorter} has ${index} frames, ${longer} has more${index === 0 ? '' : `: compare what both have with --frames ${index}`}`,
      );
    }
    yield { original: first, decoded: second };
  }
}

async function nextOf(frames: AsyncIterator<Frame, void, undefined>): Promise<Frame | null> {
  const next = await frames.next();
  return next.done === true ? null : next.value;
}
