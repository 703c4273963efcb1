import { VMAF_MODELS, VmafMeter, type VmafName } from '../video/measure/vmaf.js';
import { XpsnrMeter } from '../video/measure/xpsnr.js';
import type { Rational } from '../video/frame.js';
import type { FramePair } from './frame-pair.js';
import type { MetricName } from './metric-names.js';
import { limitDecibel } from './psnr.js';

/** Metrics that FFmpeg's filters compute over a clip in its order. */
export type ClipMetric = Extract<MetricName, VmafName | 'xpsnr'>;

/** Measures the pairs of a clip in their order. */
export interface ClipMeter extends AsyncDisposable {
  add(pair: FramePair): Promise<void>;
  /** After the last pair: one value per frame. */
  finish(): Promise<number[]>;
}

/** The properties of a clip that a clip meter needs. */
export interface ClipMeterSetup {
  readonly width: number;
  readonly height: number;
  readonly frameRate: Rational;
  readonly threads: number;
}

/** Whether a metric is measured by a {@link ClipMeter}. */
export function isClipMetric(name: MetricName): name is ClipMetric {
  return name === 'xpsnr' || isVmaf(name);
}

/** Whether a metric is a model of VMAF. */
export function isVmaf(name: MetricName): name is VmafName {
  return Object.hasOwn(VMAF_MODELS, name);
}

/** @throws EnvironmentError if no FFmpeg here has the filter. */
export async function startClipMeter(name: ClipMetric, setup: ClipMeterSetup): Promise<ClipMeter> {
  if (isVmaf(name)) {
    const meter = await VmafMeter.start(name, setup);
    return {
      add: ({ original, decoded }) => meter.add(original, decoded),
      finish: () => meter.finish(),
      [Symbol.asyncDispose]: () => meter[Symbol.asyncDispose](),
    };
  }
  const meter = await XpsnrMeter.start(setup);
  const values: number[] = [];
  return {
    // The worst plane, as FFmpeg's documentation advises.
    add: async ({ original, decoded }) => {
      values.push(limitDecibel(Math.min(...(await meter.measure(original, decoded)))));
    },
    finish: () => Promise.resolve(values),
    [Symbol.asyncDispose]: () => {
      meter[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}
