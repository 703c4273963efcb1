import { MACROBLOCK } from '../../macroblock-grid.js';
import { Q_OFFSET_LIMIT, type Geometry } from '../frame-tokens.js';
import type { AdaptiveQualitySettings } from './settings.js';

/**
 * Adaptive quantisation by variance, as x264's `--aq-mode 1`: people see errors in smooth regions; texture hides them.
 * Offsets are relative to the mean over the frame.
 *
 * @param variance [macroblocks]: that of the luma samples; macroblocks that the visible picture cuts do not count.
 * @param offsets [regions]: other offsets of q.
 * @returns [regions], -8..8: the sum of these offsets and the offset for the texture of the region.
 */
export function adaptQuality(
  geometry: Geometry,
  variance: Float64Array,
  offsets: Int8Array,
  { strength, noise }: AdaptiveQualitySettings,
): Int8Array<ArrayBuffer> {
  const { columns, width, height } = geometry;
  const sums = new Float64Array(offsets.length);
  const blocks = new Float64Array(offsets.length);
  let total = 0;
  let count = 0;
  for (let row = 0; (row + 1) * MACROBLOCK <= height; row++) {
    for (let column = 0; (column + 1) * MACROBLOCK <= width; column++) {
      const activity = Math.log2(noise + variance[row * columns + column]!);
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
