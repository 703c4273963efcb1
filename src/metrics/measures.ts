import { availableParallelism } from 'node:os';
import { InputError, throwIfCancelled } from '../errors.js';
import type { Device } from '../model/graph.js';
import type { ColourDescription, Rational } from '../video/frame.js';
import { requireMeasurable } from './availability.js';
import type { FrameMetric } from './frame-meter.js';
import type { FramePair } from './frame-pair.js';
import { createMeters, type Meters } from './meter-pool.js';
import { METRICS, type MetricName } from './metric-names.js';
import { requireSameSize } from './same-size.js';
import { isClipMetric, startClipMeter, type ClipMeter } from './clip-meters.js';

export { explainUnavailable } from './availability.js';
export type { FramePair } from './frame-pair.js';
export { summariseFrames, type FrameSummary } from './frame-summary.js';
export {
  isMetricName,
  isTemporalMetric,
  METRIC_NAMES,
  METRICS,
  type MetricDescription,
  type MetricName,
} from './metric-names.js';

/** Options of {@link measureFrames}. */
export interface MeasureOptions {
  /** The colour description of the originals, for the conversion to RGB for LPIPS. */
  readonly colour: ColourDescription;
  /** The frame rate, which XPSNR and VMAF use; default 25 frames per second. */
  readonly frameRate?: Rational;
  /** The device of LPIPS; default `cpu`. */
  readonly device?: Device;
  /** The number of worker threads. 1 uses the calling thread and blocks its events. Default: one per core. */
  readonly threads?: number;
  /** Stops the measuring with a CancelledError. */
  readonly signal?: AbortSignal | undefined;
  /** Gets the number of pairs after each pair that was read. Must not throw. */
  readonly onFrame?: ((frames: number) => void) | undefined;
}

/**
 * Measures the frames of a clip. Pairs are taken only as fast as they are measured; a few frames per thread are held.
 *
 * @param names without repetition.
 * @param pairs in display order, all of one size.
 * @returns for each metric one finite value per frame; temporal metrics (`steady-...`, `flicker`) begin with the second
 * frame, and frames without still regions have no `flicker`. PSNR of identical planes, and all above, is 100 dB.
 * @throws InputError if there is no frame, sizes differ, or pictures are too small for a metric.
 * @throws EnvironmentError if a metric cannot be measured on this machine; CancelledError.
 */
export async function measureFrames<Name extends MetricName>(
  names: readonly Name[],
  pairs: AsyncIterable<FramePair> | Iterable<FramePair>,
  options: MeasureOptions,
): Promise<Record<Name, number[]>> {
  await using held = new Held();
  let frames = 0;
  let first: FramePair | null = null;
  for await (const pair of pairs) {
    throwIfCancelled(options.signal);
    if (first === null) {
      first = pair;
      await held.start(names, pair, options);
    }
    requireSameSize(first.original, pair.original);
    requireSameSize(pair.original, pair.decoded);
    await Promise.all([held.meters?.add(pair), ...[...held.clipMeters.values()].map((meter) => meter.add(pair))]);
    options.onFrame?.(++frames);
  }
  throwIfCancelled(options.signal);
  if (first === null) throw new InputError('there is no frame to measure');
  return await held.finish(names);
}

/** All meters, so that all can be disposed. */
class Held implements AsyncDisposable {
  meters: Meters | null = null;
  readonly clipMeters = new Map<MetricName, ClipMeter>();

  async start(names: readonly MetricName[], { original }: FramePair, options: MeasureOptions): Promise<void> {
    const { colour, device = 'cpu', threads = availableParallelism() } = options;
    for (const name of names) await requireMeasurable(name, original);
    const frameNames = names.filter((name): name is FrameMetric => !isClipMetric(name));
    if (frameNames.length > 0) {
      // One graph on a GPU keeps it busy; several would share its memory.
      const workers = device === 'cuda' ? Math.min(threads, 2) : threads;
      this.meters = await createMeters({ names: frameNames, colour, graph: { device, threads: 1 } }, workers);
    }
    for (const name of names) {
      if (isClipMetric(name)) {
        const { width, height } = original;
        const frameRate = options.frameRate ?? { num: 25, den: 1 };
        this.clipMeters.set(name, await startClipMeter(name, { width, height, frameRate, threads }));
      }
    }
  }

  async finish<Name extends MetricName>(names: readonly Name[]): Promise<Record<Name, number[]>> {
    const byFrame = (await this.meters?.finish()) ?? [];
    const result: Partial<Record<Name, number[]>> = {};
    for (const name of names) {
      const clipMeter = this.clipMeters.get(name);
      const values =
        clipMeter === undefined
          ? byFrame.map((frame) => frame[name as FrameMetric]).filter((value) => value !== undefined)
          : await clipMeter.finish();
      const wrong = values.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0) throw new InputError(`${METRICS[name].title} of frame ${wrong} is ${values[wrong]!}`);
      result[name] = values;
    }
    return result as Record<Name, number[]>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...(this.meters === null ? [] : [this.meters]), ...this.clipMeters.values()];
    await Promise.all(all.map((meter) => meter[Symbol.asyncDispose]()));
  }
}
