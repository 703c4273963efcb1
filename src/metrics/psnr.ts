import type { Frame } from '../video/frame.js';
import { requireSameSize } from './same-size.js';

/** PSNR of one frame, dB; null where the planes are identical (it would be infinite, which JSON cannot hold). */
export interface FramePsnr {
  readonly y: number | null;
  readonly u: number | null;
  readonly v: number | null;
  /** `(6 y + u + v) / 8`, as in the common test conditions of HEVC and VVC; null if one of them is. */
  readonly yuv: number | null;
}

/** PSNR of a clip: the mean over its frames. */
export interface MeanPsnr {
  /** dB; over the frames that differ; null if none does. */
  readonly mean: number | null;
  /** Frames left out of the mean because they are identical. */
  readonly identicalFrames: number;
}

/**
 * PSNR of 8-bit frames: `10 log10(255^2 / mean squared error)` per plane, whatever the range of the samples.
 *
 * @throws InputError if the sizes differ.
 */
export function computePsnr(reference: Frame, shown: Frame): FramePsnr {
  requireSameSize(reference, shown);
  const [y, u, v] = [
    toDecibel(meanSquaredError(reference.y, shown.y)),
    toDecibel(meanSquaredError(reference.u, shown.u)),
    toDecibel(meanSquaredError(reference.v, shown.v)),
  ];
  return { y, u, v, yuv: y === null || u === null || v === null ? null : (6 * y + u + v) / 8 };
}

/** Mean of per-frame values (one member of {@link FramePsnr}) over a clip. */
export function meanPsnr(values: readonly (number | null)[]): MeanPsnr {
  const finite = values.filter((value) => value !== null);
  const sum = finite.reduce((total, value) => total + value, 0);
  return { mean: finite.length === 0 ? null : sum / finite.length, identicalFrames: values.length - finite.length };
}

/** Mean of the squared differences of two planes of one length. */
export function meanSquaredError(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) {
    const difference = a[at]! - b[at]!;
    sum += difference * difference;
  }
  return sum / a.length;
}

/** PSNR of a mean squared error of 8-bit samples, dB; null for 0. */
export function toDecibel(error: number): number | null {
  return error === 0 ? null : 10 * Math.log10((255 * 255) / error);
}

/** The PSNR of identical planes where a finite number is needed, and the upper limit of PSNR, dB. */
export const MAX_DECIBEL = 100;

/** `decibel`, at most {@link MAX_DECIBEL}; that for identical planes (null). */
export function limitDecibel(decibel: number | null): number {
  return Math.min(decibel ?? MAX_DECIBEL, MAX_DECIBEL);
}
