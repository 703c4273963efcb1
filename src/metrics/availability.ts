import { EnvironmentError, InputError } from '../errors.js';
import { findVmaf } from '../video/measure/vmaf.js';
import { hasXpsnr } from '../video/measure/xpsnr.js';
import { isVmaf } from './clip-meters.js';
import { STILL_BLOCK } from './flicker.js';
import { MIN_LPIPS_SIDE } from './lpips.js';
import { METRICS, type MetricName } from './metric-names.js';
import { MIN_MS_SSIM_SIDE } from './ms-ssim.js';
import { MIN_SSIM_SIDE } from './ssim.js';

/** Smallest side of a picture for a metric, luma samples. */
const MIN_SIDES: Partial<Record<MetricName, number>> = {
  ssim: MIN_SSIM_SIDE,
  'ms-ssim': MIN_MS_SSIM_SIDE,
  lpips: MIN_LPIPS_SIDE,
  'steady-lpips': MIN_LPIPS_SIDE,
  // libvmaf's finest scale has windows of 17 samples, its coarsest an eighth of the size.
  vmaf: 136,
  'vmaf-neg': 136,
  // Its measure of banding takes no smaller pictures.
  'vmaf-v1': 216,
  flicker: STILL_BLOCK,
};

/** Luma samples. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Why a metric cannot be measured for pictures of a size on this machine, as one line; null if it can.
 */
export async function explainUnavailable(name: MetricName, { width, height }: PictureSize): Promise<string | null> {
  const side = MIN_SIDES[name] ?? 1;
  if (Math.min(width, height) < side) {
    return `${METRICS[name].title} needs pictures of at least ${side}x${side}, these are ${width}x${height}`;
  }
  return explainMissingFilter(name);
}

/** @throws InputError, EnvironmentError with what {@link explainUnavailable} tells. */
export async function requireMeasurable(name: MetricName, size: PictureSize): Promise<void> {
  const reason = await explainUnavailable(name, size);
  if (reason === null) return;
  throw (await explainMissingFilter(name)) === null ? new InputError(reason) : new EnvironmentError(reason);
}

async function explainMissingFilter(name: MetricName): Promise<string | null> {
  if (isVmaf(name)) {
    const found = await findVmaf(name);
    return typeof found === 'string' ? null : found.reason;
  }
  if (name === 'xpsnr' && !hasXpsnr()) return "XPSNR needs FFmpeg's filter xpsnr, which this build does not have";
  return null;
}
