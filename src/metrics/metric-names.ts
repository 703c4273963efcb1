/** A measure of a decoded picture against its original; docs/BENCHMARK.md defines each. */
export type MetricName =
  | 'psnr-y'
  | 'psnr-u'
  | 'psnr-v'
  | 'psnr-yuv'
  | 'ssim'
  | 'ms-ssim'
  | 'lpips'
  | 'vmaf'
  | 'vmaf-neg'
  | 'vmaf-v1'
  | 'xpsnr'
  | 'steady-lpips'
  | 'steady-psnr'
  | 'flicker';

/** The description of a metric in tables and charts. */
export interface MetricDescription {
  readonly title: string;
  /** Empty for plain numbers. */
  readonly unit: string;
  readonly higherIsBetter: boolean;
}

/** All metrics, in the order in which they are shown. */
export const METRICS: Readonly<Record<MetricName, MetricDescription>> = {
  'psnr-y': { title: 'PSNR Y', unit: 'dB', higherIsBetter: true },
  'psnr-u': { title: 'PSNR U', unit: 'dB', higherIsBetter: true },
  'psnr-v': { title: 'PSNR V', unit: 'dB', higherIsBetter: true },
  'psnr-yuv': { title: 'PSNR 6:1:1', unit: 'dB', higherIsBetter: true },
  ssim: { title: 'SSIM', unit: '', higherIsBetter: true },
  'ms-ssim': { title: 'MS-SSIM', unit: '', higherIsBetter: true },
  lpips: { title: 'LPIPS', unit: '', higherIsBetter: false },
  vmaf: { title: 'VMAF', unit: '', higherIsBetter: true },
  'vmaf-neg': { title: 'VMAF NEG', unit: '', higherIsBetter: true },
  'vmaf-v1': { title: 'VMAF v1', unit: '', higherIsBetter: true },
  xpsnr: { title: 'XPSNR', unit: 'dB', higherIsBetter: true },
  'steady-lpips': { title: 'Temporal LPIPS', unit: '', higherIsBetter: false },
  'steady-psnr': { title: 'Temporal PSNR', unit: 'dB', higherIsBetter: true },
  flicker: { title: 'Flicker PSNR', unit: 'dB', higherIsBetter: true },
};

/** Names of all metrics, in the order in which they are shown. */
export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[];

/** Whether a metric compares changes between two frames: the first frame has no value. */
export function isTemporalMetric(name: MetricName): boolean {
  return name.startsWith('steady-') || name === 'flicker';
}

/** Whether a text names a metric. */
export function isMetricName(text: string): text is MetricName {
  return Object.hasOwn(METRICS, text);
}
