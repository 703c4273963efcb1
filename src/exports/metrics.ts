/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Quality of pictures, and differences between curves of rate and quality.
 *
 * @module tessera-codec/metrics
 */

// Quality.
export { computePsnr, meanPsnr, type FramePsnr, type MeanPsnr } from '../metrics/psnr.js';
export { computeSsim } from '../metrics/ssim.js';
export { computeMsSsim } from '../metrics/ms-ssim.js';
export { Lpips } from '../metrics/lpips.js';
export type { FloatTensor } from '../model/float-graph.js';
export {
  computeBdQuality,
  computeBdRate,
  type BdMethod,
  type BdOptions,
  type BdQuality,
  type BdRate,
  type RatePoint,
} from '../metrics/bd-rate.js';
export {
  explainUnavailable,
  measureFrames,
  METRICS,
  summariseFrames,
  type FramePair,
  type FrameSummary,
  type MeasureOptions,
  type MetricDescription,
  type MetricName,
} from '../metrics/measures.js';
export type { PictureSize } from '../metrics/availability.js';
export type { Frame } from '../video/frame.js';

// Errors.
export { BitstreamError, CancelledError, EnvironmentError, InputError, ModelError, TesseraError } from '../errors.js';
