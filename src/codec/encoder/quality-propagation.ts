import type { Geometry } from '../frame-tokens.js';
import type { FrameCosts } from './look-ahead.js';

/** q gained per doubling of what later frames take over from a block. */
const STRENGTH = 2;
/** Most that one frame may gain. */
const LIMIT = 12;

/** How much finer to quantise a frame, because later ones are predicted from it. */
export interface QualityGain {
  /** Mean over the frame, in steps of q (at least 0). */
  readonly frame: number;
  /** [regions]: difference of each 64x64 region to the frame, -8..8. */
  readonly regions: Int8Array<ArrayBuffer>;
}

/**
 * Quality that propagates (Garrett-Glaser 2009, "A novel macroblock-tree algorithm for high-performance optimization of
 * dependent video coding in H.264/AVC"): walks back from the end of the window, giving each block's reference the share
 * of its information that prediction takes over.
 *
 * @param window costs of the frame to be coded and of those after it, up to the next key frame.
 */
export function propagateQuality(geometry: Geometry, window: readonly FrameCosts[]): QualityGain {
  const count = geometry.rows * geometry.columns;
  let inherited: Float32Array = new Float32Array(count);
  for (let t = window.length - 1; t > 0; t--) inherited = passBack(geometry, window[t]!, inherited);
  const { intra } = window[0]!;
  const regions = geometry.regionRows * geometry.regionColumns;
  const sums = new Float64Array(regions);
  const blocks = new Float64Array(regions);
  let total = 0;
  for (let at = 0; at < count; at++) {
    const gain = STRENGTH * Math.log2((intra[at]! + inherited[at]!) / intra[at]!);
    const region = geometry.regionOf(Math.floor(at / geometry.columns), at % geometry.columns);
    sums[region]! += gain;
    blocks[region]! += 1;
    total += gain;
  }
  const frame = Math.min(LIMIT, Math.round(total / count));
  const difference = Int8Array.from(sums, (sum, region) =>
    Math.max(-8, Math.min(8, Math.round(Math.min(LIMIT, sum / blocks[region]!) - frame))),
  );
  return { frame, regions: difference };
}

/** What the blocks of the frame before are worth to this frame and those after it. */
function passBack(geometry: Geometry, costs: FrameCosts, inherited: Float32Array): Float32Array {
  const { rows, columns } = geometry;
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const intra = costs.intra[at]!;
      const share = 1 - costs.inter[at]! / intra;
      if (share <= 0) continue;
      const amount = (intra + inherited[at]!) * share;
      // Vectors are quarter samples of the half-size plane: 32 to a macroblock.
      const x = column + costs.motion[2 * at]! / 32;
      const y = row + costs.motion[2 * at + 1]! / 32;
      const left = Math.floor(x);
      const top = Math.floor(y);
      for (let dy = 0; dy < 2; dy++) {
        for (let dx = 0; dx < 2; dx++) {
          const weight = (dx === 1 ? x - left : 1 - x + left) * (dy === 1 ? y - top : 1 - y + top);
          const toRow = top + dy;
          const toColumn = left + dx;
          if (weight <= 0 || toRow < 0 || toRow >= rows || toColumn < 0 || toColumn >= columns) continue;
          result[toRow * columns + toColumn]! += weight * amount;
        }
      }
    }
  }
  return result;
}
