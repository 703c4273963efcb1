import { MACROBLOCK, MACROBLOCK_SAMPLES } from '../../macroblock-grid.js';
import { Q_OFFSET_LIMIT, type Geometry } from '../frame-tokens.js';
import type { AdaptiveQualitySettings } from './settings.js';

/**
 * Adaptive quantisation by variance, as x264's `--aq-mode 1`: people see errors in smooth regions; texture hides them.
 * Offsets are relative to the mean over the frame.
 *
 * @param luma the visible picture.
 * @param offsets [regions]: other offsets of q.
 * @returns [regions], -8..8: the sum of these offsets and the offset for the texture of the region.
 */
export function adaptQuality(
  geometry: Geometry,
  luma: Uint8Array,
  offsets: Int8Array,
  { strength, noise }: AdaptiveQualitySettings,
): Int8Array<ArrayBuffer> {
  const { width, height } = geometry;
  const sums = new Float64Array(offsets.length);
  const blocks = new Float64Array(offsets.length);
  let total = 0;
  let count = 0;
  for (let row = 0; (row + 1) * MACROBLOCK <= height; row++) {
    for (let column = 0; (column + 1) * MACROBLOCK <= width; column++) {
      const activity = Math.log2(noise + variance(luma, width, row * MACROBLOCK, column * MACROBLOCK));
      const region = geometry.regionOf(row, column);
      sums[region]! += activity;
      blocks[region]! += 1;
      total += activity;
      count++;
    }
  }
  return Int8Array.from(offsets, (offset, region) => {
    if (blocks[region] === 0) return offset;
    const change = strength * (total / count - sums[region]! / blocks[region]!);
    return Math.max(-Q_OFFSET_LIMIT, Math.min(Q_OFFSET_LIMIT, Math.round(offset + change)));
  });
}

/** Variance of the samples of one block. */
function variance(luma: Uint8Array, width: number, top: number, left: number): number {
  let sum = 0;
  let squares = 0;
  const size = MACROBLOCK;
  for (let y = 0; y < size; y++) {
    const start = (top + y) * width + left;
    for (let x = 0; x < size; x++) {
      const sample = luma[start + x]!;
      sum += sample;
      squares += sample * sample;
    }
  }
  const mean = sum / MACROBLOCK_SAMPLES;
  return squares / MACROBLOCK_SAMPLES - mean * mean;
}
